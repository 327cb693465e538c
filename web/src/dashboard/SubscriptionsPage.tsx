import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CalendarSync } from 'lucide-react';

import { subscriptionsQuery } from '@/market/queries';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { ButtonLink } from '@/shared/links';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { SubscriptionCard } from './subscriptions/SubscriptionCard';

export function SubscriptionsPage() {
  const list = useQuery(subscriptionsQuery());
  return (
    <Page>
      <PageHeader title="Subscriptions">Agents you pay for by the month. Each ends with a month that is paid for.</PageHeader>
      {list.error && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <Stack aria-busy={!list.data}>
          {!list.data && [1, 2].map((at) => <Skeleton key={at} h={130} radius="lg" />)}
          {list.data?.subscriptions.map((subscription) => <SubscriptionCard key={subscription.id} subscription={subscription} />)}
          {list.data?.subscriptions.length === 0 && (
            <EmptyState
              icon={CalendarSync}
              title="You have no subscriptions"
              action={<ButtonLink to="/explore" search={{ pricing_model: 'subscription' }}>Agents by the month</ButtonLink>}
            >
              Some agents are paid for by the month instead of by the run.
            </EmptyState>
          )}
        </Stack>
      )}
    </Page>
  );
}
