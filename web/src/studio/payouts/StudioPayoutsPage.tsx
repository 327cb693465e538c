import { SimpleGrid, Stack, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { formatMoney } from '@/shared/money';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { payoutsQuery } from '../queries';
import { Stat } from '../Stat';
import { CURRENCY } from '../types';
import { AccountCard } from './AccountCard';
import { PayoutsTable } from './PayoutsTable';
import { RevenueTable } from './RevenueTable';

const route = getRouteApi('/studio/payouts');

/** What was earned, what was paid out, and where to. */
export function StudioPayoutsPage() {
  const { tab = 'payouts', page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/studio/payouts' });
  const { data } = useQuery(payoutsQuery({ page: tab === 'payouts' ? page : 1, limit }));
  const balance = data?.balance;
  const go = (next: object) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }) });
  const onPage = (to: number) => go({ page: to > 1 ? to : undefined });
  return (
    <Page>
      <PageHeader title="Revenue and payouts">
        70 % of each payment is yours. All that is payable is paid out every Monday, if it is at least ₹500.
      </PageHeader>
      <Stack gap="xl">
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="md">
          <Stat
            label="Payable"
            value={balance && formatMoney(balance.payable, CURRENCY)}
            tone={balance && balance.payable < 0 ? 'red' : undefined}
            note={balance && balance.payable < 0 ? 'refunds of what was paid out already' : 'earned, in no payout yet'}
          />
          <Stat label="On its way" value={balance && formatMoney(balance.in_transit, CURRENCY)} note="in payouts the bank has not confirmed" />
          <Stat label="Paid out" value={balance && formatMoney(balance.paid_out, CURRENCY)} note="in all" />
        </SimpleGrid>
        <AccountCard />
        <Tabs value={tab} onChange={(next) => go({ tab: next === 'payouts' ? undefined : next })}>
          <Tabs.List mb="md">
            <Tabs.Tab value="payouts">Payouts</Tabs.Tab>
            <Tabs.Tab value="revenue">Revenue</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="payouts">
            <PayoutsTable page={page} limit={limit} onPage={onPage} />
          </Tabs.Panel>
          <Tabs.Panel value="revenue">
            <RevenueTable page={page} limit={limit} onPage={onPage} />
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </Page>
  );
}
