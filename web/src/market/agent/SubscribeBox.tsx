import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { CalendarCheck } from 'lucide-react';

import { client, take } from '@/api/client';
import { messageOf } from '@/api/errors';
import { queryClient } from '@/api/query';
import { signInAsk } from '@/session/prompt';
import { sessionNow, useSession } from '@/session/store';
import { confirmAsk } from '@/shared/confirm';
import { AnchorLink } from '@/shared/links';
import { formatMoney } from '@/shared/money';
import { formatCount } from '@/shared/numbers';
import { notifyDone } from '@/shared/notify';
import { StatusBadge } from '@/shared/StatusBadge';
import { formatDay } from '@/shared/time';

import { subscriptionsQuery } from '../queries';
import { subscriptionOf } from '../subscription';
import type { AgentPageData } from '../types';
import { priceToConfirm } from './tryRun';

/** The subscription to an agent: beginning one, or how the one there is stands. */
export function SubscribeBox({ agent }: { agent: AgentPageData }) {
  const session = useSession();
  const list = useQuery({ ...subscriptionsQuery(), enabled: session?.role === 'user' });
  const own = subscriptionOf(agent, list.data?.subscriptions);
  const price = formatMoney(agent.price_amount, agent.price_currency, { short: true });

  const subscribe = useMutation({
    mutationFn: async () => {
      const isUser = sessionNow()?.role === 'user';
      if (!isUser && !(await signInAsk({ reason: `Sign in to subscribe to ${agent.name}.`, role: 'user' }))) return null;
      const agreed = await confirmAsk({
        title: `Subscribe to ${agent.name}`,
        children: `${price} is taken from your wallet now, and on the same day of each month until you cancel.`,
        confirm: `Subscribe for ${price} a month`,
      });
      if (!agreed) return null;
      // The price was just agreed to, in so many words.
      return take(
        client.POST('/agents/{agent}/subscribe', { params: { path: { agent: agent.slug } }, body: { confirm: true } }),
      );
    },
    onSuccess: (subscription) => {
      if (!subscription) return;
      void queryClient.invalidateQueries({ queryKey: ['subscriptions'] });
      void queryClient.invalidateQueries({ queryKey: ['wallet'] });
      notifyDone(`You are subscribed to ${agent.name}.`);
    },
  });

  if (own) {
    return (
      <Stack gap={6}>
        <Group gap="xs">
          <StatusBadge status={own.status} />
          <Text size="sm">
            {own.status === 'cancelled' ? 'Ends' : 'Paid until'} {formatDay(own.period_end)}
          </Text>
        </Group>
        <Text size="sm" c="dimmed">
          {formatCount(own.runs_used)}
          {own.runs_per_month === null || own.runs_per_month === undefined ? '' : ` of ${formatCount(own.runs_per_month)}`} runs used this month.{' '}
          <AnchorLink to="/dashboard/subscriptions" size="sm" underline="always">
            Manage
          </AnchorLink>
        </Text>
      </Stack>
    );
  }
  return (
    <Stack gap="xs">
      {subscribe.error && priceToConfirm(subscribe.error) === undefined && (
        <Alert color="red" role="alert">
          {messageOf(subscribe.error)}
        </Alert>
      )}
      <Button
        size="md"
        fullWidth
        leftSection={<CalendarCheck size={16} aria-hidden />}
        loading={subscribe.isPending}
        onClick={() => subscribe.mutate()}
      >
        Subscribe for {price} a month
      </Button>
    </Stack>
  );
}
