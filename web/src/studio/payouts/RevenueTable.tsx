import { Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Coins } from 'lucide-react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { words } from '@/shared/words';
import { Time } from '@/shared/Time';

import { ownAgentsQuery, revenueQuery } from '../queries';
import type { RevenueEntry } from '../types';

interface Props {
  page: number;
  limit: number;
  onPage: (page: number) => void;
}

/** One entry for each payment, and one for each refund. */
export function RevenueTable({ page, limit, onPage }: Props) {
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...revenueQuery({ page, limit }), placeholderData: keepPreviousData });
  const agents = useQuery(ownAgentsQuery());
  const nameOf = new Map(agents.data?.agents.map(({ id, name }) => [id, name]));
  const columns: Column<RevenueEntry>[] = [
    {
      key: 'of',
      header: 'From',
      render: (row) => (
        <>
          <Text size="sm" fw={550}>
            {row.agent_id ? (nameOf.get(row.agent_id) ?? row.agent_id) : 'A deleted agent'}
            {row.refund_id && ' (refund)'}
          </Text>
          {row.execution_id && (
            <AnchorLink to="/studio/runs/$run" params={{ run: row.execution_id }} size="xs" className="tabular">
              Run …{row.execution_id.slice(-8)}
            </AnchorLink>
          )}
        </>
      ),
    },
    { key: 'amount', header: 'Your share', align: 'right', render: (row) => <Money amount={row.amount} currency={row.currency} signed /> },
    { key: 'status', header: 'State', render: (row) => words(row.status) },
    { key: 'at', header: 'When', render: (row) => <Time at={row.created_at} /> },
  ];
  return (
    <DataTable
      label="Revenue"
      columns={columns}
      rows={data?.revenue}
      rowKey={(row) => row.id}
      error={error}
      onRetry={() => void refetch()}
      isStale={isPlaceholderData}
      page={page}
      limit={limit}
      total={data?.total}
      onPage={onPage}
      skeletonRows={4}
      empty={
        <EmptyState icon={Coins} title="Nothing earned yet">
          Your share of each run that is paid for is listed here at once.
        </EmptyState>
      }
    />
  );
}
