import { Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Undo2 } from 'lucide-react';

import { sentence } from '@/api/errors';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { IdText } from '@/shared/IdText';
import { Money } from '@/shared/Money';
import { words } from '@/shared/words';
import { Time } from '@/shared/Time';

import { refundsQuery } from '../queries';
import type { AdminRefund } from '../types';

const route = getRouteApi('/console/refunds');

const COLUMNS: Column<AdminRefund>[] = [
  {
    key: 'run',
    header: 'Run',
    render: (row) => (
      <>
        <Text size="sm" fw={550}>
          {row.agent_name}
        </Text>
        <IdText id={row.execution_id} label="the run’s id" />
      </>
    ),
  },
  { key: 'user', header: 'User', isWide: true, render: (row) => row.user_email ?? row.user_id },
  {
    key: 'amount',
    header: 'Amount',
    align: 'right',
    render: (row) => (row.amount === null ? 'All that was left' : <Money amount={row.amount} currency={row.currency} />),
  },
  { key: 'status', header: 'State', render: (row) => words(row.status) },
  {
    key: 'reason',
    header: 'Reason',
    isWide: true,
    render: (row) => (
      <Text size="sm" maw={320}>
        {sentence(row.reason)}
      </Text>
    ),
  },
  { key: 'at', header: 'When', render: (row) => <Time at={row.created_at} /> },
];

export function RefundsTable() {
  const { page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/console/refunds' });
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...refundsQuery({ page, limit }), placeholderData: keepPreviousData });
  return (
    <DataTable
      label="Refunds"
      columns={COLUMNS}
      rows={data?.refunds}
      rowKey={(row) => `${row.execution_id}-${row.created_at}`}
      error={error}
      onRetry={() => void refetch()}
      isStale={isPlaceholderData}
      page={page}
      limit={limit}
      total={data?.total}
      onPage={(to) => void navigate({ search: (old: object) => ({ ...old, page: to > 1 ? to : undefined }) })}
      minWidth={860}
      empty={
        <EmptyState icon={Undo2} title="No refunds yet">
          Find a run to give money of it back.
        </EmptyState>
      }
    />
  );
}
