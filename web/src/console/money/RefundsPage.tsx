import { Tabs } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { RefundableRuns } from './RefundableRuns';
import { RefundsTable } from './RefundsTable';

const route = getRouteApi('/console/refunds');

/** Giving users money of a run back. */
export function RefundsPage() {
  const { tab = 'runs' } = route.useSearch();
  const navigate = useNavigate({ from: '/console/refunds' });
  return (
    <Page>
      <PageHeader title="Refunds">
        All or part of what a run cost, within 30 days of its payment. It goes to the user&rsquo;s wallet; the developer&rsquo;s part of
        it is taken off what is payable to them.
      </PageHeader>
      <Tabs value={tab} onChange={(next) => void navigate({ search: next === 'refunds' ? { tab: 'refunds' } : {} })}>
        <Tabs.List mb="md">
          <Tabs.Tab value="runs">Find a run</Tabs.Tab>
          <Tabs.Tab value="refunds">Refunds made</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="runs">
          <RefundableRuns />
        </Tabs.Panel>
        <Tabs.Panel value="refunds">
          <RefundsTable />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
