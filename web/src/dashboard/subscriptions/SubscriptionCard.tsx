import { Alert, Button, Group, Paper, Progress, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { messageOf } from '@/api/errors';
import { queryClient } from '@/api/query';
import { priceToConfirm } from '@/market/agent/tryRun';
import { confirmAsk } from '@/shared/confirm';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { formatMoney } from '@/shared/money';
import { notifyDone } from '@/shared/notify';
import { plural } from '@/shared/numbers';
import { StatusBadge } from '@/shared/StatusBadge';
import { formatDay } from '@/shared/time';

import type { Subscription } from '../types';

type Act = 'cancel' | 'resume' | 'pay';

const DONE: Record<Act, string> = {
  cancel: 'It ends when the paid month is over.',
  resume: 'The subscription goes on.',
  pay: 'The month is paid for.',
};

export function SubscriptionCard({ subscription }: { subscription: Subscription }) {
  const act = useMutation({
    mutationFn: (what: Act) => perform(subscription, what),
    onSuccess: (isDone, what) => {
      void queryClient.invalidateQueries({ queryKey: ['subscriptions'] });
      void queryClient.invalidateQueries({ queryKey: ['wallet'] });
      if (isDone) notifyDone(DONE[what], subscription.agent_name);
    },
  });
  const price = formatMoney(subscription.price_amount, subscription.price_currency, { short: true });
  return (
    <Paper component="article" p="md" aria-label={subscription.agent_name}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Group gap="xs">
            <Title order={2} size="h3">
              <AnchorLink to="/a/$slug" params={{ slug: subscription.agent_slug }} inherit c="inherit">
                {subscription.agent_name}
              </AnchorLink>
            </Title>
            <StatusBadge status={subscription.status} />
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            {price} a month · {whenWords(subscription)}
          </Text>
        </div>
        <Group gap="xs">
          {subscription.status === 'past_due' && (
            <Button size="xs" loading={act.isPending && act.variables === 'pay'} onClick={() => act.mutate('pay')}>
              Pay {price} now
            </Button>
          )}
          {subscription.status === 'cancelled' && (
            <Button size="xs" variant="default" loading={act.isPending} onClick={() => act.mutate('resume')}>
              Keep it
            </Button>
          )}
          {(subscription.status === 'active' || subscription.status === 'past_due') && (
            <Button size="xs" variant="default" loading={act.isPending && act.variables === 'cancel'} onClick={() => act.mutate('cancel')}>
              Cancel
            </Button>
          )}
        </Group>
      </Group>
      {subscription.status !== 'ended' && <Used subscription={subscription} />}
      {subscription.status === 'past_due' && <PastDue subscription={subscription} />}
      {subscription.next && <Next subscription={subscription} />}
      {act.error && (
        <div style={{ marginTop: 12 }}>
          <ErrorState error={act.error} />
        </div>
      )}
    </Paper>
  );
}

async function perform({ id, agent_name, period_end }: Subscription, what: Act): Promise<boolean> {
  const params = { path: { subscription: id } };
  if (what === 'cancel') {
    const sure = await confirmAsk({
      title: `Cancel the subscription to ${agent_name}?`,
      children: `You can use it until ${formatDay(period_end)}. It is not paid for again. Until then you can change your mind.`,
      confirm: 'Cancel at the end of the paid month',
      danger: true,
    });
    if (sure) await take(client.POST('/subscriptions/{subscription}/cancel', { params }));
    return sure;
  }
  if (what === 'resume') {
    await take(client.POST('/subscriptions/{subscription}/resume', { params }));
    return true;
  }
  try {
    await take(client.POST('/subscriptions/{subscription}/pay', { params, body: {} }));
  } catch (error) {
    const asked = priceToConfirm(error);
    if (asked === undefined) throw error;
    const sure = await confirmAsk({ title: 'Pay this month?', children: messageOf(error), confirm: 'Pay' });
    if (!sure) return false;
    await take(client.POST('/subscriptions/{subscription}/pay', { params, body: { confirm: true } }));
  }
  return true;
}

function whenWords(subscription: Subscription): string {
  const end = formatDay(subscription.period_end);
  switch (subscription.status) {
    case 'active':
      return `renews on ${end}`;
    case 'cancelled':
      return `ends on ${end}`;
    case 'past_due':
      return 'the month is not paid for';
    case 'pending':
      return 'the first payment is under way';
    case 'ended':
      return `ended${subscription.ended_at ? ` on ${formatDay(subscription.ended_at)}` : ''}${END_REASONS[subscription.end_reason ?? ''] ?? ''}`;
  }
}

const END_REASONS: Record<string, string> = {
  cancelled: ', as you wished', not_paid: ': it was not paid for', not_offered: ': its developer offers it no more',
};

function Used({ subscription }: { subscription: Subscription }) {
  const { runs_per_month: most, runs_used: used } = subscription;
  if (most === null) {
    return <Text size="sm" mt="sm">{plural(used, 'run')} this month, as many as you like</Text>;
  }
  return (
    <div style={{ marginTop: 12, maxWidth: 360 }}>
      <Text size="sm" mb={4} className="tabular">
        {used} of {plural(most, 'run')} used this month
      </Text>
      <Progress value={most === 0 ? 100 : (used / most) * 100} color={used >= most ? 'orange' : undefined} aria-label="Runs used" />
    </div>
  );
}

function PastDue({ subscription }: { subscription: Subscription }) {
  const refusal = subscription.charges[0]?.refusal;
  return (
    <Alert color="orange" mt="sm" p="sm">
      <Text size="sm">
        The last payment was refused{refusal ? `: ${refusal}` : ''}. Runs wait until it is paid.
        {subscription.next_try_at && ` It is tried again on ${formatDay(subscription.next_try_at)}.`}{' '}
        <AnchorLink to="/dashboard/wallet" inherit underline="always" c="inherit">
          Add money
        </AnchorLink>
      </Text>
    </Alert>
  );
}

function Next({ subscription }: { subscription: Subscription }) {
  const next = subscription.next;
  if (!next) return null;
  const from = formatDay(next.from);
  return (
    <Text size="sm" mt="sm">
      {next.price_amount === null
        ? `Its developer stops offering it: it does not renew on ${from}.`
        : `From ${from} on it costs ${formatMoney(next.price_amount, subscription.price_currency, { short: true })} a month${
            next.runs_per_month === null ? '' : ` for ${plural(next.runs_per_month, 'run')}`
          }.`}
    </Text>
  );
}
