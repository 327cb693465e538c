import { Button, Text } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, ReceiptText } from 'lucide-react';

import { downloadCsv } from '@/api/raw';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { IdText } from '@/shared/IdText';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { formatCount } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';

import { transactionsQuery } from './queries';
import type { Transaction } from './types';
import { kindWords } from './wallet/kinds';

const LIMIT = 25;
/** How many the server puts into a file. */
const MOST = 10_000;

const COLUMNS: Column<Transaction>[] = [
  { key: 'at', header: 'When', render: (transaction) => <Time at={transaction.created_at} as="absolute" /> },
  {
    key: 'kind',
    header: 'What',
    render: ({ kind }) => (
      <>
        <Text size="sm">{kindWords(kind).title}</Text>
        <Text size="xs" c="dimmed">{kindWords(kind).hint}</Text>
      </>
    ),
  },
  { key: 'for', header: 'For', render: ({ reference }) => <Reference id={reference} /> },
  {
    key: 'amount',
    header: 'Balance change',
    align: 'right',
    render: ({ amount, currency }) =>
      amount === 0 ? <Text span size="sm" c="dimmed">no change</Text> : <Money amount={amount} currency={currency} signed />,
  },
];

function Reference({ id }: { id: string }) {
  if (id.startsWith('exec_')) return <AnchorLink to="/runs/$id" params={{ id }} size="sm">Run …{id.slice(-8)}</AnchorLink>;
  if (id.startsWith('top_')) return <AnchorLink to="/dashboard/wallet" size="sm">Top-up …{id.slice(-8)}</AnchorLink>;
  if (id.startsWith('sub_')) return <AnchorLink to="/dashboard/subscriptions" size="sm">Subscription</AnchorLink>;
  return <IdText id={id} label="the reference" />;
}

export function TransactionsPage() {
  const { page = 1 } = useSearch({ from: '/dashboard/transactions' });
  const navigate = useNavigate();
  const list = useQuery({ ...transactionsQuery({ page, limit: LIMIT }), placeholderData: keepPreviousData });
  const save = useMutation({
    mutationFn: () => downloadCsv('/wallet/transactions', 'transactions.csv'),
    onSuccess: () => {
      if ((list.data?.total ?? 0) > MOST) notifyDone(`The file has the newest ${formatCount(MOST)}.`, 'There are more transactions');
    },
    onError: (error) => notifyFailed(error, 'The file was not made'),
  });
  return (
    <Page>
      <PageHeader
        title="Transactions"
        actions={
          (list.data?.total ?? 0) > 0 && (
            <Button variant="default" leftSection={<Download size={15} aria-hidden />} loading={save.isPending} onClick={() => save.mutate()}>
              Export CSV
            </Button>
          )
        }
      >
        Every movement of your wallet’s available balance, newest first.
      </PageHeader>
      <DataTable
        label="Transactions"
        columns={COLUMNS}
        rows={list.data?.transactions}
        rowKey={(transaction) => transaction.id}
        error={list.error}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        page={page}
        limit={LIMIT}
        total={list.data?.total}
        onPage={(next) => void navigate({ to: '/dashboard/transactions', search: { page: next } })}
        skeletonRows={10}
        empty={
          <EmptyState icon={ReceiptText} title="Nothing has moved yet" action={<ButtonLink to="/dashboard/wallet">Add money</ButtonLink>}>
            Top-ups, holds for runs and payments will be listed here.
          </EmptyState>
        }
      />
    </Page>
  );
}
