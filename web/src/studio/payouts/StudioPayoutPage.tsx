import { Breadcrumbs, Button, Grid, Group, Paper, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Download, FileX2 } from 'lucide-react';
import type { ReactNode } from 'react';

import { sentence } from '@/api/errors';
import { downloadCsv } from '@/api/raw';
import { DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { notifyFailed } from '@/shared/notify';
import { plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { words } from '@/shared/words';
import { formatDay } from '@/shared/time';
import { Time } from '@/shared/Time';

import { payoutQuery } from '../queries';
import type { PayoutStatement } from '../types';

const route = getRouteApi('/studio/payouts/$payout');

/** One payout and what it consists of. */
export function StudioPayoutPage() {
  const { payout: id } = route.useParams();
  const { page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...payoutQuery(id, { page, limit }), placeholderData: keepPreviousData });
  const title = data ? `Payout of ${formatDay(`${data.payout.period}T00:00:00`)}` : 'Payout';
  return (
    <Page>
      <Breadcrumbs mb="xs" fz="sm">
        <AnchorLink to="/studio/payouts" size="sm">
          Revenue and payouts
        </AnchorLink>
      </Breadcrumbs>
      <PageHeader
        title={title}
        actions={
          data && (
            <Button
              variant="default"
              leftSection={<Download size={16} aria-hidden />}
              onClick={() => downloadCsv(`/developers/payouts/${id}`, `${id}.csv`).catch((failed: unknown) => notifyFailed(failed))}
            >
              Statement (CSV)
            </Button>
          )
        }
      >
        {data && (
          <Group gap="xs" component="span">
            <StatusBadge status={data.payout.status === 'created' ? 'pending' : data.payout.status} />
            {data.payout.reason && <span>{sentence(data.payout.reason)}</span>}
          </Group>
        )}
      </PageHeader>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton h={240} radius="lg" aria-busy />
      ) : (
        <Stack gap="xl">
          <Sum statement={data} />
          <section aria-labelledby="lines-title">
            <Title order={2} id="lines-title" mb="sm">
              Entries
            </Title>
            <DataTable
              label="Entries of the payout"
              rows={data.lines}
              rowKey={(line) => `${line.reference}-${line.kind}-${line.at}`}
              isStale={isPlaceholderData}
              page={page}
              limit={limit}
              total={data.total}
              onPage={(to) => void navigate({ to: '/studio/payouts/$payout', params: { payout: id }, search: { page: to } })}
              empty={<EmptyState icon={FileX2} title="No entries" />}
              columns={[
                { key: 'at', header: 'When', render: (line) => <Time at={line.at} as="absolute" /> },
                { key: 'kind', header: 'Kind', render: (line) => words(line.kind) },
                {
                  key: 'run',
                  header: 'Run',
                  render: (line) =>
                    line.execution_id ? (
                      <AnchorLink to="/studio/runs/$run" params={{ run: line.execution_id }} size="sm" className="tabular">
                        …{line.execution_id.slice(-8)}
                      </AnchorLink>
                    ) : (
                      '–'
                    ),
                },
                { key: 'gross', header: 'Paid by users', align: 'right', render: (line) => <Money amount={line.gross} currency={data.payout.currency} /> },
                { key: 'amount', header: 'Your share', align: 'right', render: (line) => <Money amount={line.amount} currency={data.payout.currency} signed /> },
              ]}
            />
          </section>
        </Stack>
      )}
    </Page>
  );
}

function Sum({ statement: { statement, payout } }: { statement: PayoutStatement }) {
  const rows: [string, number, boolean?][] = [
    [`Your part of ${plural(statement.sales, 'payment')}`, statement.shares],
    ['Runs that your agents called', statement.orchestration],
    ['Taken back by refunds', statement.refunds],
    ['Earlier payouts that failed or came back', statement.returned],
    ['Paid out', statement.net, true],
  ];
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, sm: 7 }}>
        <Paper p="lg" h="100%">
          <Table aria-label="Statement">
            <Table.Tbody>
              {rows.map(([label, amount, isSum]) => (
                <Table.Tr key={label} fw={isSum ? 620 : undefined}>
                  <Table.Th scope="row" fw={isSum ? 620 : 400}>
                    {label}
                  </Table.Th>
                  <Table.Td ta="right">
                    <Money amount={amount} currency={payout.currency} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 5 }}>
        <Paper p="lg" h="100%">
          <Stack gap="xs">
            <Line label="To" value={payout.account} />
            <Line label="Bank’s reference" value={payout.bank_reference ?? 'none yet'} />
            <Line label="Paid by users" value={<Money amount={statement.gross} currency={payout.currency} />} />
            {payout.paid_at && <Line label="Paid" value={<Time at={payout.paid_at} as="absolute" />} />}
          </Stack>
        </Paper>
      </Grid.Col>
    </Grid>
  );
}

function Line({ label, value }: { label: string; value: ReactNode }) {
  return (
    <Group justify="space-between" gap="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
        {value}
      </Text>
    </Group>
  );
}
