import { Button, Group, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { SearchX } from 'lucide-react';
import { useState } from 'react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { Money } from '@/shared/Money';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { runsQuery } from '../queries';
import { SearchField } from '../SearchField';
import type { AdminExecution } from '../types';
import { RefundById, RefundDialog } from './RefundDialog';

const route = getRouteApi('/console/refunds');

const leftOf = (run: AdminExecution): number => run.price_amount - run.refunded_amount;

/** Runs, by their id or their user's, and what can be given back of each. */
export function RefundableRuns() {
  const { run, user, page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/console/refunds' });
  const [chosen, setChosen] = useState<AdminExecution | null>(null);
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...runsQuery({ id: run, user_id: user, page, limit }),
    placeholderData: keepPreviousData,
  });
  const set = (next: object) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }), replace: true });
  if (data === null) return <RefundById />;
  const columns: Column<AdminExecution>[] = [
    {
      key: 'run',
      header: 'Run',
      render: (row) => (
        <>
          <Text size="sm" fw={550}>
            {row.agent_name} {row.version}
          </Text>
          <Text size="xs" c="dimmed" ff="monospace">
            {row.id}
          </Text>
        </>
      ),
    },
    {
      key: 'user',
      header: 'User',
      render: (row) => (
        <>
          <Text size="sm">{row.user_email ?? 'a deleted account'}</Text>
          <Text size="xs" c="dimmed" ff="monospace">
            {row.user_id}
          </Text>
        </>
      ),
    },
    { key: 'status', header: 'Status', render: (row) => <StatusBadge status={row.status} /> },
    {
      key: 'paid',
      header: 'Paid',
      align: 'right',
      render: (row) => (row.payment_id ? <Money amount={row.price_amount} currency={row.price_currency} /> : '–'),
    },
    {
      key: 'back',
      header: 'Given back',
      align: 'right',
      render: (row) => (row.refunded_amount > 0 ? <Money amount={row.refunded_amount} currency={row.price_currency} /> : '–'),
    },
    { key: 'at', header: 'Triggered', render: (row) => <Time at={row.created_at} /> },
    {
      key: 'act',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (row) =>
        row.payment_id && leftOf(row) > 0 ? (
          <Button size="compact-sm" variant="default" aria-label={`Refund the run ${row.id}`} onClick={() => setChosen(row)}>
            Refund…
          </Button>
        ) : (
          <Text size="xs" c="dimmed">
            {row.payment_id ? 'all given back' : 'not paid'}
          </Text>
        ),
    },
  ];
  return (
    <>
      <Group mb="md" gap="sm">
        <SearchField label="Run’s id" value={run} onSearch={(text) => set({ run: text })} w={{ base: '100%', xs: 320 }} />
        <SearchField label="User’s id" value={user} onSearch={(text) => set({ user: text })} w={{ base: '100%', xs: 320 }} />
      </Group>
      <DataTable
        label="Runs"
        columns={columns}
        rows={data?.executions}
        rowKey={(row) => row.id}
        error={error}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        page={page}
        limit={limit}
        total={data?.total}
        onPage={(to) => set({ page: to > 1 ? to : undefined })}
        minWidth={980}
        empty={
          <EmptyState icon={SearchX} title="No such run">
            Paste the whole id of a run, such as exe_…, or of its user.
          </EmptyState>
        }
      />
      <RefundDialog run={chosen} onClose={() => setChosen(null)} />
    </>
  );
}
