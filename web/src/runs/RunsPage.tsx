import { Anchor, Button, Group, Select, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { FilterX, History } from 'lucide-react';

import { deploymentsQuery } from '@/dashboard/queries';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { Money } from '@/shared/Money';
import { formatDuration } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { words } from '@/shared/words';
import { Time } from '@/shared/Time';

import { runsQuery } from './queries';
import type { RunsSearch } from './search';
import { type ExecutionSummary, isOver, STATUSES } from './types';

const LIMIT = 20;
const LIVE_MS = 3_000;

const COLUMNS: Column<ExecutionSummary>[] = [
  {
    key: 'agent',
    header: 'Agent',
    render: (run) => (
      <>
        <Anchor component={Link} to={`/runs/${run.id}`} fw={550} size="sm">
          {run.agent_name}
        </Anchor>
        <Text size="xs" c="dimmed" className="tabular">
          {run.version} · …{run.id.slice(-8)}
        </Text>
      </>
    ),
  },
  {
    key: 'status',
    header: 'Status',
    render: (run) => (
      <>
        <StatusBadge status={run.status} />
        {run.status === 'failed' && run.failure_reason && (
          <Text size="xs" c="dimmed" mt={2}>
            {REASONS[run.failure_reason] ?? words(run.failure_reason)}
          </Text>
        )}
      </>
    ),
  },
  { key: 'started', header: 'Started', render: (run) => <Time at={run.created_at} /> },
  {
    key: 'took',
    header: 'Took',
    align: 'right',
    render: (run) => <span className="tabular">{run.duration_ms === null ? '–' : formatDuration(run.duration_ms)}</span>,
  },
  {
    key: 'price',
    header: 'Price',
    align: 'right',
    render: (run) => <Price run={run} />,
  },
];

const REASONS: Record<string, string> = {
  exit: 'Ended with an error', signal: 'Crashed', forbidden_call: 'Did what is forbidden', oom: 'Out of memory',
  outputs_invalid: 'Outputs not as promised', platform: 'Our fault', payment_declined: 'Payment declined',
};

/** The price of a run is paid for successes only. */
function Price({ run }: { run: ExecutionSummary }) {
  if (run.price_amount === 0) return <Text size="sm" c="dimmed" span>Free</Text>;
  const isUnpaid = isOver(run.status) && run.status !== 'success';
  if (isUnpaid) return <Text size="sm" c="dimmed" span>Not charged</Text>;
  return <Money amount={run.price_amount} currency={run.price_currency} />;
}

export function RunsPage() {
  const search = useSearch({ from: '/runs/' });
  const navigate = useNavigate();
  const go = (change: Partial<RunsSearch>) =>
    void navigate({ to: '/runs', search: { ...search, page: undefined, ...change }, replace: change.page === undefined });
  const runs = useQuery({
    ...runsQuery({ status: search.status, agent_id: search.agent, page: search.page, limit: LIMIT }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.executions.some((run) => !isOver(run.status)) ? LIVE_MS : 30_000),
  });
  const isFiltered = search.status !== undefined || search.agent !== undefined;
  return (
    <Page>
      <PageHeader title="Runs" actions={<Button component={Link} to="/explore" variant="default">Find an agent</Button>}>
        Everything your agents did, newest first.
      </PageHeader>
      <Group gap="sm" mb="md">
        <Select
          aria-label="Status"
          placeholder="Any status"
          clearable
          clearButtonProps={{ 'aria-label': 'Any status' }}
          style={{ flex: '1 1 130px', maxWidth: 190 }}
          data={STATUSES.map((status) => ({ value: status, label: WORDS[status] }))}
          value={search.status ?? null}
          onChange={(status) => go({ status: (status as RunsSearch['status']) ?? undefined })}
        />
        <AgentSelect value={search.agent} onChange={(agent) => go({ agent })} />
      </Group>
      <DataTable
        label="Runs"
        columns={COLUMNS}
        rows={runs.data?.executions}
        rowKey={(run) => run.id}
        error={runs.error}
        onRetry={() => void runs.refetch()}
        isStale={runs.isPlaceholderData}
        page={search.page ?? 1}
        limit={LIMIT}
        total={runs.data?.total}
        onPage={(page) => go({ page })}
        skeletonRows={10}
        empty={
          isFiltered ? (
            <EmptyState
              icon={FilterX}
              title="No run is like that"
              action={<Button variant="default" onClick={() => go({ status: undefined, agent: undefined })}>Show all runs</Button>}
            />
          ) : (
            <EmptyState icon={History} title="You have not run anything yet" action={<Button component={Link} to="/explore">Explore agents</Button>}>
              Find an agent, try it, and what it did will be here.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

const WORDS = {
  queued: 'Queued', running: 'Running', settling: 'Settling', success: 'Succeeded', failed: 'Failed', timeout: 'Timed out',
  cancelled: 'Cancelled',
} as const;

/** Agents one has deployed; another one in the address is kept. */
function AgentSelect({ value, onChange }: { value: string | undefined; onChange: (agent: string | undefined) => void }) {
  const { data } = useQuery(deploymentsQuery({ limit: 100 }));
  const known = new Map((data?.deployments ?? []).map(({ agent_id, agent_name }) => [agent_id, agent_name]));
  if (value !== undefined && !known.has(value)) known.set(value, data ? 'Another agent' : '…');
  return (
    <Select
      aria-label="Agent"
      placeholder="Any agent"
      clearable
      clearButtonProps={{ 'aria-label': 'Any agent' }}
      searchable
      style={{ flex: '1 1 150px', maxWidth: 240 }}
      data={[...known].map(([id, name]) => ({ value: id, label: name }))}
      value={value ?? null}
      onChange={(agent) => onChange(agent ?? undefined)}
      nothingFoundMessage="None of your deployments"
    />
  );
}
