import { Badge, Group, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { AlarmClock, PartyPopper } from 'lucide-react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { formatDuration, plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { queueQuery } from '../queries';
import type { PendingReview } from '../types';
import { RescanCard } from './RescanCard';

const route = getRouteApi('/console/reviews');

const COLUMNS: Column<PendingReview>[] = [
  {
    key: 'agent',
    header: 'Version',
    render: (row) => (
      <>
        <AnchorLink to="/console/reviews/$version" params={{ version: row.version_id }} fw={550} size="sm">
          {row.name} {row.version}
        </AnchorLink>
        <Text size="xs" c="dimmed" ff="monospace">
          {row.slug}
        </Text>
      </>
    ),
  },
  { key: 'developer', header: 'Developer', render: (row) => row.developer_name },
  {
    key: 'verdict',
    header: 'Scan',
    render: (row) => (
      <Group gap={6} wrap="nowrap">
        <StatusBadge status={row.verdict} />
        <Text size="xs" c="dimmed" className="tabular">
          risk {row.risk}
        </Text>
      </Group>
    ),
  },
  {
    key: 'age',
    header: 'Waiting',
    render: (row) =>
      row.overdue ? (
        <Badge color="red" leftSection={<AlarmClock size={12} aria-hidden />}>
          {formatDuration(row.age_seconds * 1000)}, overdue
        </Badge>
      ) : (
        <span className="tabular">{formatDuration(row.age_seconds * 1000)}</span>
      ),
  },
  { key: 'due', header: 'Promised', render: (row) => <Time at={row.due_at} /> },
];

/** Versions that wait for a decision, oldest first. */
export function ReviewQueuePage() {
  const { page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/console/reviews' });
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...queueQuery({ page, limit }), placeholderData: keepPreviousData });
  return (
    <Page>
      <PageHeader title="Review queue" tabTitle={data && data.total > 0 ? `(${data.total}) Review queue` : 'Review queue'}>
        {data && data.total > 0
          ? `${plural(data.total, 'version')} to decide on, oldest first. Developers are promised a decision within 24 hours.`
          : 'Versions that need a person’s decision. Developers are promised one within 24 hours.'}
      </PageHeader>
      <DataTable
        label="Versions to decide on"
        columns={COLUMNS}
        rows={data?.reviews}
        rowKey={(row) => row.version_id}
        error={error}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        page={page}
        limit={limit}
        total={data?.total}
        onPage={(to) => void navigate({ search: (old: object) => ({ ...old, page: to > 1 ? to : undefined }) })}
        minWidth={760}
        skeletonRows={4}
        empty={
          <EmptyState icon={PartyPopper} title="Nothing waits for a decision">
            New versions appear here as they are submitted; this page looks for itself.
          </EmptyState>
        }
      />
      <RescanCard />
    </Page>
  );
}
