import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { agentQuery } from '@/market/queries';
import { type Fact, Facts } from '@/shared/Facts';
import { IdText } from '@/shared/IdText';
import { Money } from '@/shared/Money';
import { formatCount } from '@/shared/numbers';
import { Panel } from '@/shared/Panel';
import { words } from '@/shared/words';

import type { RunLive } from '../follow/runLive';
import { useLive } from '../follow/useRunLive';
import { ReceiptVerify } from '../receipt/ReceiptVerify';
import { type Execution, isOver } from '../types';

interface Props {
  run: Execution;
  live: RunLive;
}

/** What a run cost, and the proof of it. */
export function RunMoney({ run, live }: Props) {
  // What a metered run has come to so far.
  const charged = useLive(live, 'charged');
  const over = isOver(run.status);
  const { payment } = run;
  // A run that nothing was paid for says no currency; what a metered one comes to is in its agent's.
  const isMetered = !payment && run.max_amount !== undefined;
  const agent = useQuery({ ...agentQuery(run.agent_slug ?? ''), enabled: isMetered && run.agent_slug !== undefined });
  const currency = payment?.currency ?? agent.data?.price_currency ?? 'INR';
  const charges: Fact[] = (run.charges ?? []).map(({ event, count, amount }) => [
    `${formatCount(count)} × ${words(event)}`,
    <Money key={event} amount={amount} currency={currency} />,
  ]);
  const facts: Fact[] = [
    ...charges,
    ['Paid', payment ? <Money key="paid" amount={payment.amount} currency={currency} /> : over ? 'Nothing' : 'Nothing yet'],
    ['So far', !over && charged !== null && <Money key="far" amount={charged} currency={currency} />],
    ['At most', !over && run.max_amount !== undefined && <Money key="most" amount={run.max_amount} currency={currency} />],
    ['Refunded', run.refunded_amount ? <Money key="back" amount={run.refunded_amount} currency={currency} /> : null],
    ['Payment', payment && <IdText key="payment" id={payment.payment_id} label="the payment's id" />],
    [
      'Subscription',
      run.subscription_id && (
        <Anchor key="subscription" component={Link} to="/dashboard/subscriptions" size="sm">
          included
        </Anchor>
      ),
    ],
  ];
  return (
    <Panel title="Cost and receipt">
      <Facts facts={facts} />
      {over ? (
        <ReceiptVerify run={run} />
      ) : (
        <Text size="xs" c="dimmed" mt="xs">
          You pay only if the run succeeds.
        </Text>
      )}
    </Panel>
  );
}
