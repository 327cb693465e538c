import { Alert, Button, Group, Modal, Paper, Stack, Text, Textarea, TextInput } from '@mantine/core';
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

/** Where the server does not list runs: the run by its id. */
export function RefundById() {
  const [id, setId] = useState('');
  const [done, setDone] = useState<Refund | null>(null);
  return (
    <Paper p="lg" maw={560}>
      <Stack gap="md">
        <TextInput
          label="Run’s id"
          placeholder="exe_…"
          value={id}
          onChange={({ currentTarget: { value } }) => {
            setId(value.trim());
            setDone(null);
          }}
        />
        {done && (
          <Alert color="green" title={`${formatMoney(done.amount, done.currency)} went back to the user’s wallet`}>
            {formatMoney(done.refunded_amount, done.currency)} of this payment in all.
          </Alert>
        )}
        <RefundForm execution={id} currency="INR" onDone={setDone} />
      </Stack>
    </Paper>
  );
}

interface FormProps {
  execution: string;
  /** What is left to give back, where that is known. */
  most?: number;
  currency: string;
  onClose?: () => void;
  onDone: (refund: Refund) => void;
}

function RefundForm({ execution, most, currency, onClose, onDone }: FormProps) {
  const queries = useQueryClient();
  const [amount, setAmount] = useState<number | null>(most ?? null);
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
  const isTooMuch = most !== undefined && amount !== null && amount > most;
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
          description={most === undefined ? 'Empty: all that is left of the payment' : `Up to ${formatMoney(most, currency)}`}
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
          {onClose && (
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          )}
          <Button
            type="submit"
            loading={refund.isPending}
            disabled={execution === '' || reason.trim() === '' || isTooMuch || amount === 0}
          >
            Refund {amount === null ? 'all that is left' : formatMoney(amount, currency)}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
