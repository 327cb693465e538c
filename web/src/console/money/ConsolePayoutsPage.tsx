import { Button, Text } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Banknote, CalendarClock } from 'lucide-react';

import { client, take } from '@/api/client';
import { sentence } from '@/api/errors';
import { confirmAsk } from '@/shared/confirm';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { formatDay } from '@/shared/time';
import { Time } from '@/shared/Time';

import { payoutsQuery } from '../queries';
import type { Payout } from '../types';

const route = getRouteApi('/console/payouts');
const RETRY: Partial<Record<Payout['status'], string>> = { failed: 'Make it anew', returned: 'Make it anew', sent: 'Look it up' };

/** Everybody's payouts. */
export function ConsolePayoutsPage() {
  const { page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/console/payouts' });
  const queries = useQueryClient();
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...payoutsQuery({ page, limit }), placeholderData: keepPreviousData });
  const done = async (message: string) => {
    await queries.invalidateQueries({ queryKey: ['console', 'payouts'] });
    notifyDone(message);
  };
  const run = useMutation({
    mutationFn: () => take(client.POST('/admin/payouts/run')),
    onSuccess: ({ period }) => done(`Payouts of ${formatDay(`${period}T00:00:00`)} are being made.`),
    onError: (failed) => notifyFailed(failed),
  });
  const retry = useMutation({
    mutationFn: (payout: string) => take(client.POST('/admin/payouts/{payout}/retry', { params: { path: { payout } } })),
    onSuccess: () => done('It is being tried again.'),
    onError: (failed) => notifyFailed(failed),
  });
  const askRun = async () => {
    const sure = await confirmAsk({
      title: 'Make the payouts that are due?',
      children: 'Whoever has at least the minimum payable, a payout account, and no payout of this period yet is paid now.',
      confirm: 'Make the payouts',
    });
    if (sure) run.mutate();
  };
  const columns: Column<Payout>[] = [
    { key: 'period', header: 'Payout of', render: (row) => <Time at={`${row.period}T00:00:00`} as="day" /> },
    {
      key: 'developer',
      header: 'Developer',
      render: (row) => (
        <>
          <AnchorLink to="/console/developers" search={{ search: row.developer_id }} size="xs" ff="monospace">
            {row.developer_id ?? ''}
          </AnchorLink>
          <Text size="xs" c="dimmed" ff="monospace">
            {row.account}
          </Text>
        </>
      ),
    },
    { key: 'amount', header: 'Amount', align: 'right', render: (row) => <Money amount={row.amount} currency={row.currency} /> },
    {
      key: 'status',
      header: 'Status',
      render: (row) => (
        <>
          <StatusBadge status={row.status === 'created' ? 'pending' : row.status} />
          {row.reason && (
            <Text size="xs" c="dimmed" maw={260} mt={2}>
              {sentence(row.reason)}
            </Text>
          )}
        </>
      ),
    },
    {
      key: 'reference',
      header: 'References',
      render: (row) => (
        <Text size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {[row.provider, row.provider_reference, row.bank_reference].filter(Boolean).join(' · ') || '–'}
        </Text>
      ),
    },
    {
      key: 'act',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (row) =>
        RETRY[row.status] && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${RETRY[row.status]}: ${row.id}`}
            loading={retry.isPending && retry.variables === row.id}
            onClick={() => retry.mutate(row.id)}
          >
            {RETRY[row.status]}
          </Button>
        ),
    },
  ];
  return (
    <Page>
      <PageHeader
        title="Payouts"
        actions={
          <Button variant="default" leftSection={<CalendarClock size={16} aria-hidden />} loading={run.isPending} onClick={() => void askRun()}>
            Make due payouts now
          </Button>
        }
      >
        Made every Monday by themselves, also for a Monday that was missed.
      </PageHeader>
      <DataTable
        label="Payouts"
        columns={columns}
        rows={data?.payouts}
        rowKey={(row) => row.id}
        error={error}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        page={page}
        limit={limit}
        total={data?.total}
        onPage={(to) => void navigate({ search: (old: object) => ({ ...old, page: to > 1 ? to : undefined }) })}
        minWidth={900}
        empty={
          <EmptyState icon={Banknote} title="No payouts yet">
            The first are made on the Monday after a developer has earned the minimum.
          </EmptyState>
        }
      />
    </Page>
  );
}
