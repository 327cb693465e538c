import { Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Wallet } from 'lucide-react';

import { sentence } from '@/api/errors';
import type { Schemas } from '@/api/types';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { Money } from '@/shared/Money';
import { formatMoney } from '@/shared/money';
import { Panel } from '@/shared/Panel';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import type { TopUp } from '../types';

const COLUMNS: Column<TopUp>[] = [
  { key: 'at', header: 'When', render: (topUp) => <Time at={topUp.created_at} /> },
  {
    key: 'status',
    header: 'Status',
    render: (topUp) => (
      <>
        <StatusBadge status={topUp.status} />
        <Note topUp={topUp} />
      </>
    ),
  },
  { key: 'provider', header: 'Paid with', render: (topUp) => (topUp.provider === 'sandbox' ? 'Test money' : topUp.provider) },
  { key: 'amount', header: 'Amount', align: 'right', render: (topUp) => <Money amount={topUp.amount} currency={topUp.currency} /> },
];

/** What the badge does not say. */
function Note({ topUp }: { topUp: TopUp }) {
  const parts: string[] = [];
  if (topUp.status === 'settled' && topUp.credited !== topUp.amount) parts.push(`${formatMoney(topUp.credited, topUp.currency)} was paid`);
  if (topUp.reversed > 0) parts.push(`${formatMoney(topUp.reversed, topUp.currency)} was taken back`);
  if (topUp.debt > 0) parts.push(`${formatMoney(topUp.debt, topUp.currency)} of it is owed`);
  if (topUp.reason) parts.push(sentence(topUp.reason).replace(/\.$/, ''));
  return (
    <>
      {parts.length > 0 && <Text size="xs" c="dimmed">{parts.join(', ')}</Text>}
      {topUp.status === 'pending' && topUp.checkout_url && (
        <Text size="xs">
          <a href={topUp.checkout_url} rel="noreferrer">Pay now</a>
        </Text>
      )}
    </>
  );
}

export function TopUpList({ list }: { list: UseQueryResult<Schemas['TopUpList']> }) {
  return (
    <Panel title="Top-ups">
      <DataTable
        label="Top-ups"
        columns={COLUMNS}
        rows={list.data?.top_ups}
        rowKey={(topUp) => topUp.id}
        error={list.error}
        onRetry={() => void list.refetch()}
        minWidth={420}
        skeletonRows={4}
        empty={<EmptyState order={3} icon={Wallet} title="No money was added yet">Add some, and runs can be paid for.</EmptyState>}
      />
    </Panel>
  );
}
