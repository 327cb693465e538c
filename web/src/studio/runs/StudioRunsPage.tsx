import { Group, Select, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { History } from 'lucide-react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { formatDuration } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { AgentSelect } from '../AgentSelect';
import type { DeveloperExecution } from '../contract';
import { developerRunsQuery } from '../queries';
import { CURRENCY } from '../types';
import { reasonWords } from './reasons';
import { RUN_STATES } from './search';

const route = getRouteApi('/studio/runs');
const LABEL: Record<string, string> = {
  queued: 'Queued', running: 'Running', settling: 'Settling', success: 'Succeeded', failed: 'Failed', timeout: 'Timed out', cancelled: 'Cancelled',
};

const COLUMNS: Column<DeveloperExecution>[] = [
  {
    key: 'agent',
    header: 'Run',
    render: (row) => (
      <>
        <AnchorLink to="/studio/runs/$run" params={{ run: row.id }} fw={550} size="sm">
          {row.agent_name} {row.version}
        </AnchorLink>
        <Text size="xs" c="dimmed" className="tabular" title={row.id}>
          …{row.id.slice(-8)}
        </Text>
      </>
    ),
  },
  {
    key: 'status',
    header: 'Status',
    render: (row) => (
      <>
        <StatusBadge status={row.status} />
        {row.failure_reason && (
          <Text size="xs" c="dimmed" mt={2}>
            {reasonWords(row.failure_reason)}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'duration',
    header: 'Duration',
    align: 'right',
    render: (row) => <span className="tabular">{row.duration_ms === null ? '–' : formatDuration(row.duration_ms)}</span>,
  },
  { key: 'revenue', header: 'Your share', align: 'right', render: (row) => <Money amount={row.revenue} currency={CURRENCY} /> },
  { key: 'at', header: 'Started', render: (row) => <Time at={row.created_at} /> },
];

/** Runs of one's agents, without anything of their users'. */
export function StudioRunsPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/studio/runs' });
  const { agent, status, page = 1, limit = 20 } = search;
  const runs = useQuery({ ...developerRunsQuery({ agent_id: agent, status, page, limit }), placeholderData: keepPreviousData });
  const set = (next: object) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }) });
  const isFiltered = agent !== undefined || status !== undefined;
  return (
    <Page>
      <PageHeader title="Runs">
        Runs of your agents. You see their logs once they have ended, without anything their users put in.
      </PageHeader>
      <Group mb="lg" gap="sm">
        <AgentSelect value={agent} onChange={(id) => set({ agent: id })} />
        <Select
          aria-label="Status"
          w={160}
          data={[{ value: '', label: 'Every status' }, ...RUN_STATES.map((value) => ({ value, label: LABEL[value] ?? value }))]}
          value={status ?? ''}
          onChange={(value) => set({ status: value || undefined })}
        />
      </Group>
      <DataTable
        label="Runs of your agents"
        columns={COLUMNS}
        rows={runs.data?.executions}
        rowKey={(row) => row.id}
        error={runs.error}
        onRetry={() => void runs.refetch()}
        isStale={runs.isPlaceholderData}
        page={page}
        limit={limit}
        total={runs.data?.total}
        onPage={(to) => set({ page: to > 1 ? to : undefined })}
        minWidth={720}
        empty={
          <EmptyState icon={History} title={isFiltered ? 'No run is like that' : 'Nobody has run your agents yet'}>
            {isFiltered ? 'Choose another status, or all agents.' : 'Runs are listed here from the moment they are started.'}
          </EmptyState>
        }
      />
    </Page>
  );
}
