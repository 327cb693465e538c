import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { ApiError } from '@/api/errors';
import { uniqueKey } from '@/session/key';
import { ErrorState } from '@/shared/ErrorState';
import { formatMoney } from '@/shared/money';
import { notifyDone } from '@/shared/notify';
import { MoneyField } from '@/studio/agents/MoneyField';

import type { AdminExecution, Refund } from '../types';

/** How much of a run goes back, and why. */
export function RefundDialog({ run, onClose }: { run: AdminExecution | null; onClose: () => void }) {
  return (
    <Modal opened={run !== null} onClose={onClose} title="Refund a run">
      {run && (
        <RefundForm
          execution={run.id}
          most={run.price_amount - run.refunded_amount}
          currency={run.price_currency}
          onClose={onClose}
          onDone={(refund) => {
            notifyDone(`${formatMoney(refund.amount, refund.currency)} went back to the user’s wallet.`);
            onClose();
          }}
        />
      )}
    </Modal>
  );
}

interface FormProps {
  execution: string;
  /** What is left to give back. */
  most: number;
  currency: string;
  onClose: () => void;
  onDone: (refund: Refund) => void;
}

function RefundForm({ execution, most, currency, onClose, onDone }: FormProps) {
  const queries = useQueryClient();
  const [amount, setAmount] = useState<number | null>(most);
  const [reason, setReason] = useState('');
  // Asking again after no answer came must not pay twice; after a refusal it is another request.
  const [key, setKey] = useState(uniqueKey);
  const refund = useMutation({
    mutationFn: () =>
      take(
        client.POST('/admin/executions/{execution}/refund', {
          params: { path: { execution }, header: { 'Idempotency-Key': key } },
          body: { reason: reason.trim(), ...(amount !== null && amount !== most ? { amount } : {}) },
        }),
      ),
    onSuccess: async (answer) => {
      setKey(uniqueKey());
      await queries.invalidateQueries({ queryKey: ['console'] });
      onDone(answer);
    },
    onError: (error) => error instanceof ApiError && setKey(uniqueKey()),
  });
  const isTooMuch = amount !== null && amount > most;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        refund.mutate();
      }}
    >
      <Stack gap="md">
        <MoneyField
          label="Amount"
          description={`Up to ${formatMoney(most, currency)}`}
          value={amount}
          onChange={setAmount}
          error={isTooMuch ? 'More than is left of the payment' : undefined}
        />
        <Textarea
          label="Reason"
          description="The user and the developer will read it"
          withAsterisk
          value={reason}
          maxLength={500}
          data-autofocus
          onChange={({ currentTarget: { value } }) => setReason(value)}
        />
        <Text size="sm" c="dimmed">
          A refund cannot be taken back.
        </Text>
        {refund.error && <ErrorState error={refund.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={refund.isPending}
            disabled={reason.trim() === '' || isTooMuch || amount === 0}
          >
            Refund {amount === null ? 'all that is left' : formatMoney(amount, currency)}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
