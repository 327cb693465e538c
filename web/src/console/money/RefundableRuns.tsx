import { Button, Group, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { SearchX } from 'lucide-react';
import { useState } from 'react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { IdText } from '@/shared/IdText';
import { Money } from '@/shared/Money';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { runsQuery } from '../queries';
import { SearchField } from '../SearchField';
import type { AdminExecution } from '../types';
import { RefundDialog } from './RefundDialog';

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
  const columns: Column<AdminExecution>[] = [
    {
      key: 'run',
      header: 'Run',
      render: (row) => (
        <>
          <Text size="sm" fw={550}>
            {row.agent_name} {row.version}
          </Text>
          <IdText id={row.id} label="the run’s id" />
        </>
      ),
    },
    {
      key: 'user',
      header: 'User',
      isWide: true,
      render: (row) => (
        <>
          <Text size="sm">{row.user_email ?? 'a deleted account'}</Text>
          <IdText id={row.user_id} label="the user’s id" />
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
      header: 'Refunded',
      align: 'right',
      render: (row) => (row.refunded_amount > 0 ? <Money amount={row.refunded_amount} currency={row.price_currency} /> : '–'),
    },
    { key: 'at', header: 'Started', render: (row) => <Time at={row.created_at} /> },
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
            {row.payment_id ? 'all refunded' : 'not paid'}
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
            Paste the whole id of a run, such as exec_…, or of its user.
          </EmptyState>
        }
      />
      <RefundDialog run={chosen} onClose={() => setChosen(null)} />
    </>
  );
}
