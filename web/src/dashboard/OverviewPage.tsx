import { Grid, SimpleGrid, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';

import { walletQuery } from '@/market/queries';
import { ErrorState } from '@/shared/ErrorState';
import { ButtonLink } from '@/shared/links';
import { formatMoney } from '@/shared/money';
import { formatCount } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Panel } from '@/shared/Panel';

import { runsQuery } from '../runs/queries';
import { Attention } from './overview/Attention';
import { Figure } from './overview/Figure';
import { RunRows } from './overview/RunRows';
import { spendQuery } from './overview/spend';

const SpendChart = lazy(() => import('./overview/SpendChart'));
const LIVE_MS = 3_000;

export function OverviewPage() {
  const wallet = useQuery(walletQuery());
  const spend = useQuery(spendQuery());
  const recent = useQuery({
    ...runsQuery({ limit: 8 }),
    refetchInterval: ({ state }) => (state.data?.executions.some(({ completed_at }) => completed_at === null) ? LIVE_MS : 30_000),
  });
  const running = useQuery({ ...runsQuery({ status: 'running', limit: 1 }), refetchInterval: LIVE_MS * 2 });
  const queued = useQuery({ ...runsQuery({ status: 'queued', limit: 1 }), refetchInterval: LIVE_MS * 2 });
  const currency = wallet.data?.currency ?? 'INR';
  const money = (amount: number | undefined) => (amount === undefined ? undefined : formatMoney(amount, currency));
  const now = running.data && queued.data ? running.data.total + queued.data.total : undefined;
  return (
    <Page>
      <PageHeader title="Dashboard" actions={<ButtonLink to="/explore">Find an agent</ButtonLink>} />
      <Stack gap="lg">
        <Attention />
        <SimpleGrid cols={{ base: 2, md: 4 }}>
          <Figure label="Available to spend" value={money(wallet.data?.available)} error={wallet.error} to="/dashboard/wallet" />
          <Figure label="Set aside for runs" value={money(wallet.data?.held)} error={wallet.error} to="/dashboard/wallet" />
          <Figure label="Spent in 30 days" value={money(spend.data?.total)} error={spend.error} to="/dashboard/transactions" />
          <Figure
            label="Running or queued"
            value={now === undefined ? undefined : formatCount(now)}
            error={running.error ?? queued.error}
            to="/runs"
          />
        </SimpleGrid>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 7 }}>
            <Panel title="Spending" description="The last 30 days, by day (UTC). Refunds are taken off.">
              {spend.error && !spend.data ? (
                <ErrorState error={spend.error} onRetry={() => void spend.refetch()} />
              ) : spend.data ? (
                <Suspense fallback={<Skeleton h={240} />}>
                  <SpendChart days={spend.data.days} currency={currency} />
                </Suspense>
              ) : (
                <Skeleton h={240} />
              )}
            </Panel>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <Panel title="Latest runs" aside={<ButtonLink to="/runs" variant="subtle" size="compact-sm">All runs</ButtonLink>}>
              <RunRows list={recent} />
            </Panel>
          </Grid.Col>
        </Grid>
      </Stack>
    </Page>
  );
}
