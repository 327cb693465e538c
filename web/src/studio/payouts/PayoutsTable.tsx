import { Button, Group, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Banknote, Download } from 'lucide-react';

import { sentence } from '@/api/errors';
import { downloadCsv } from '@/api/raw';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { notifyFailed } from '@/shared/notify';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { payoutsQuery } from '../queries';
import type { Payout } from '../types';

interface Props {
  page: number;
  limit: number;
  onPage: (page: number) => void;
}

const COLUMNS: Column<Payout>[] = [
  {
    key: 'period',
    header: 'Payout of',
    render: (row) => (
      <AnchorLink to="/studio/payouts/$payout" params={{ payout: row.id }} fw={550} size="sm">
        <Time at={`${row.period}T00:00:00`} as="day" />
      </AnchorLink>
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
          <Text size="xs" c="dimmed" maw={280} mt={2}>
            {sentence(row.reason)}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'account',
    header: 'To',
    render: (row) => (
      <Text size="sm" ff="monospace">
        {row.account}
      </Text>
    ),
  },
  {
    key: 'reference',
    header: 'Bank’s reference',
    render: (row) =>
      row.bank_reference ? (
        <Text size="sm" ff="monospace">
          {row.bank_reference}
        </Text>
      ) : (
        '–'
      ),
  },
  { key: 'paid', header: 'Paid', render: (row) => (row.paid_at ? <Time at={row.paid_at} as="day" /> : '–') },
];

export function PayoutsTable({ page, limit, onPage }: Props) {
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...payoutsQuery({ page, limit }), placeholderData: keepPreviousData });
  return (
    <>
      {data && data.payouts.length > 0 && (
        <Group justify="flex-end" mb="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<Download size={14} aria-hidden />}
            onClick={() => downloadCsv('/developers/payouts', 'payouts.csv').catch((failed: unknown) => notifyFailed(failed))}
          >
            All payouts (CSV)
          </Button>
        </Group>
      )}
      <DataTable
        label="Payouts"
        columns={COLUMNS}
        rows={data?.payouts}
        rowKey={(row) => row.id}
        error={error}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        page={page}
        limit={limit}
        total={data?.total}
        onPage={onPage}
        minWidth={760}
        skeletonRows={3}
        empty={
          <EmptyState icon={Banknote} title="No payouts yet">
            The first is made on the Monday after you have earned at least ₹500.
          </EmptyState>
        }
      />
    </>
  );
}
