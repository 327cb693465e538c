import { Grid, SimpleGrid, Skeleton, Stack, Text, Paper } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { queryClient } from '@/api/query';
import { walletQuery } from '@/market/queries';
import { ErrorState } from '@/shared/ErrorState';
import { ButtonLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { topUpsQuery } from './queries';
import { TopUpForm } from './wallet/TopUpForm';
import { TopUpList } from './wallet/TopUpList';

const PENDING_MS = 3_000;

export function WalletPage() {
  const wallet = useQuery(walletQuery());
  const topUps = useQuery({
    ...topUpsQuery({ limit: 20 }),
    refetchInterval: ({ state }) => (state.data?.top_ups.some(({ status }) => status === 'pending') ? PENDING_MS : false),
  });
  const settled = topUps.data?.top_ups.filter(({ status }) => status !== 'pending').length;
  const before = useRef(settled);
  useEffect(() => {
    // Something that was pending is decided: the balance has changed, or not.
    if (before.current !== undefined && before.current !== settled) void queryClient.invalidateQueries({ queryKey: ['wallet'] });
    before.current = settled;
  }, [settled]);
  const currency = wallet.data?.currency ?? 'INR';
  return (
    <Page>
      <PageHeader title="Wallet" actions={<ButtonLink to="/dashboard/transactions" variant="default">All transactions</ButtonLink>}>
        Runs are paid from here. Money is set aside when a run starts and taken only if it succeeds.
      </PageHeader>
      {wallet.error && !wallet.data ? (
        <ErrorState error={wallet.error} onRetry={() => void wallet.refetch()} />
      ) : (
        <SimpleGrid cols={{ base: 1, xs: 2 }} mb="lg" aria-busy={!wallet.data}>
          <Balance label="Available" hint="For new runs" amount={wallet.data?.available} currency={currency} />
          <Balance label="Set aside" hint="For runs that have not ended" amount={wallet.data?.held} currency={currency} />
        </SimpleGrid>
      )}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <TopUpForm currency={currency} isTestMoney={topUps.data?.top_ups[0]?.provider === 'sandbox'} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="sm">
            <TopUpList list={topUps} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

interface BalanceProps {
  label: string;
  hint: string;
  amount: number | undefined;
  currency: string;
}

function Balance({ label, hint, amount, currency }: BalanceProps) {
  return (
    <Paper p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={28} fw={620} lh={1.3}>
        {amount === undefined ? <Skeleton h={32} w={120} my={2} /> : <Money amount={amount} currency={currency} />}
      </Text>
      <Text size="xs" c="dimmed">
        {hint}
      </Text>
    </Paper>
  );
}
