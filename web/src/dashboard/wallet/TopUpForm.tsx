import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { FlaskConical, HelpCircle } from 'lucide-react';
import { useRef, useState } from 'react';

import { client, take } from '@/api/client';
import { ApiError, isApiError, messageOf, NetworkError, sentence } from '@/api/errors';
import { queryClient } from '@/api/query';
import { uniqueKey } from '@/session/key';
import { ErrorState } from '@/shared/ErrorState';
import { formatMoney, parseMoney } from '@/shared/money';
import { notifyDone } from '@/shared/notify';
import { Panel } from '@/shared/Panel';

import type { TopUp } from '../types';

interface Props {
  currency: string;
  /** Whether this platform's wallet is filled with test money, as far as earlier top-ups tell. */
  isTestMoney: boolean;
}

const PRESETS = [10_000, 50_000, 100_000, 500_000];

/** What test money can be asked to do. */
const SCENARIOS = [
  { value: 'settled', label: 'Is paid at once' },
  { value: 'pending', label: 'Stays pending' },
  { value: 'webhook_late', label: 'Is paid after a while' },
  { value: 'declined', label: 'Is declined' },
  { value: 'timeout_paid', label: 'No answer, but paid' },
  { value: 'timeout_unpaid', label: 'No answer, not paid' },
  { value: 'unreachable', label: 'The provider cannot be reached' },
];

/** Adding money. One that got no answer is sent again under the same key, so that nobody pays twice. */
export function TopUpForm({ currency, isTestMoney }: Props) {
  const [text, setText] = useState('500');
  const [scenario, setScenario] = useState('settled');
  const [problem, setProblem] = useState<string | null>(null);
  const sent = useRef({ body: '', key: '' });
  const add = useMutation({
    mutationFn: async (amount: number) => {
      const body = {
        amount,
        return_url: `${window.location.origin}/dashboard/wallet`,
        ...(isTestMoney && scenario !== 'settled' ? { scenario } : {}),
      };
      const same = JSON.stringify(body);
      if (sent.current.body !== same) sent.current = { body: same, key: uniqueKey() };
      const made = await take(
        client.POST('/wallet/top-ups', { params: { header: { 'Idempotency-Key': sent.current.key } }, body }),
      );
      sent.current.body = '';
      return made;
    },
    onSuccess: (topUp) => {
      if (topUp.status === 'settled') notifyDone(`${formatMoney(topUp.credited, topUp.currency)} was added to your wallet.`);
      if (topUp.checkout_url) window.location.assign(topUp.checkout_url);
    },
    onError: (error) => {
      if (!isUnknown(error)) sent.current.body = '';
    },
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['wallet'] }),
  });
  const submit = () => {
    const amount = parseMoney(text, currency);
    if (amount === null || amount === 0) return setProblem('Enter an amount, such as 500 or 250.50.');
    setProblem(null);
    add.mutate(amount);
  };
  return (
    <Panel title="Add money" description={isTestMoney ? 'Test money: nothing is charged anywhere.' : undefined}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          <TextInput
            label="Amount"
            inputMode="decimal"
            leftSection={formatMoney(0, currency, { short: true }).replace(/[\d\s.,]/g, '')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            error={problem}
            autoComplete="off"
          />
          <Group gap={6}>
            {PRESETS.map((amount) => (
              <Button
                key={amount}
                variant="default"
                size="compact-sm"
                onClick={() => setText(formatPlain(amount, currency))}
              >
                {formatMoney(amount, currency, { short: true })}
              </Button>
            ))}
          </Group>
          {isTestMoney && (
            <Select
              label="Simulate"
              description="What the test payment does."
              leftSection={<FlaskConical size={15} aria-hidden />}
              data={SCENARIOS}
              value={scenario}
              onChange={(value) => setScenario(value ?? 'settled')}
            />
          )}
          <Button type="submit" loading={add.isPending} fullWidth>
            Add money
          </Button>
          <div aria-live="polite">
            {add.error && <Failure error={add.error} />}
            {add.data && !add.error && add.data.status !== 'settled' && <Waiting topUp={add.data} />}
          </div>
        </Stack>
      </form>
    </Panel>
  );
}

function formatPlain(amount: number, currency: string): string {
  return formatMoney(amount, currency, { short: true, locale: 'en' }).replace(/[^\d.]/g, '');
}

/** Whether it is open what became of the payment. */
function isUnknown(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof ApiError && (error.status === 503 || error.status === 504));
}

function Failure({ error }: { error: unknown }) {
  if (isUnknown(error)) {
    return (
      <Alert color="yellow" icon={<HelpCircle size={18} aria-hidden />} title="Not known yet whether this was paid">
        <Text size="sm">
          No answer came from the payment provider. If the payment went through, it is credited by itself and shows in the
          list. Trying again with the same amount does not pay twice.
        </Text>
      </Alert>
    );
  }
  if (isApiError(error, 'PROVIDER_REFUSED')) {
    return (
      <Alert color="red" title="The payment was declined" role="alert">
        <Text size="sm">{messageOf(error)} Nothing was charged. Try another way to pay, or another amount.</Text>
      </Alert>
    );
  }
  return <ErrorState error={error} title="No money was added" />;
}

function Waiting({ topUp }: { topUp: TopUp }) {
  if (topUp.status !== 'pending') {
    return <Alert color="red" title="The payment did not go through">{topUp.reason ? sentence(topUp.reason) : 'Nothing was charged.'}</Alert>;
  }
  return (
    <Alert color="yellow" title="The payment is pending">
      <Text size="sm">
        {topUp.checkout_url
          ? 'You are being taken to the payment page.'
          : 'The provider has not confirmed it yet. It is credited by itself as soon as it is; this page shows it.'}
      </Text>
    </Alert>
  );
}
