import { Badge, Button, Group, Text } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client, take } from '@/api/client';
import type { Column } from '@/shared/DataTable';
import { AnchorLink } from '@/shared/links';
import { formatCount, formatShare, plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { Directory } from '../Directory';
import { agentsQuery } from '../queries';
import { type Act, ReasonDialog } from '../ReasonDialog';
import type { AdminAgent } from '../types';

const route = getRouteApi('/console/agents');

function ban(agent: AdminAgent): Act {
  const params = { path: { agent: agent.id } };
  return agent.status === 'banned'
    ? {
        title: `Lift the ban of ${agent.name}`,
        says: 'It is listed again if a version of it was ever approved, and runs of it can begin. Its developer is told.',
        verb: 'Lift the ban',
        isTold: true,
        done: `The ban of ${agent.name} is lifted.`,
        run: (reason) => take(client.POST('/admin/agents/{agent}/unban', { params, body: { reason } })),
      }
    : {
        title: `Ban ${agent.name}`,
        says: 'It is listed no more, and no new run or subscription of it begins; runs that have begun go on. Its developer is told why.',
        verb: 'Ban it',
        danger: true,
        isReasonNeeded: true,
        isTold: true,
        done: `${agent.name} is banned.`,
        run: (reason) => take(client.POST('/admin/agents/{agent}/ban', { params, body: { reason } })),
      };
}

/** All agents, to ban and unban. */
export function ConsoleAgentsPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/console/agents' });
  const queries = useQueryClient();
  const [act, setAct] = useState<Act | null>(null);
  const set = (next: object) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }), replace: true });
  const columns: Column<AdminAgent>[] = [
    {
      key: 'name',
      header: 'Agent',
      render: (row) => (
        <>
          <AnchorLink to="/a/$slug" params={{ slug: row.slug }} size="sm" fw={550}>
            {row.name}
          </AnchorLink>
          <Text size="xs" c="dimmed" ff="monospace">
            {row.slug} {row.current_version}
          </Text>
        </>
      ),
    },
    {
      key: 'status',
      header: 'Status',
      render: (row) => (
        <Group gap={4}>
          <StatusBadge status={row.status} />
          {row.pending_versions > 0 && row.status !== 'pending_review' && (
            <Badge color="yellow">{plural(row.pending_versions, 'version')} in review</Badge>
          )}
        </Group>
      ),
    },
    {
      key: 'developer',
      header: 'Developer',
      render: (row) => (
        <AnchorLink to="/console/developers" search={{ search: row.developer_id }} size="sm">
          {row.developer_name}
        </AnchorLink>
      ),
    },
    { key: 'runs', header: 'Runs', align: 'right', render: (row) => <span className="tabular">{formatCount(row.total_executions)}</span> },
    {
      key: 'success',
      header: 'Success',
      align: 'right',
      render: (row) => <span className="tabular">{row.total_executions > 0 ? formatShare(row.success_rate) : '–'}</span>,
    },
    { key: 'changed', header: 'Changed', render: (row) => <Time at={row.updated_at} /> },
    {
      key: 'act',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (row) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`${row.status === 'banned' ? 'Lift the ban of' : 'Ban'} ${row.name}`}
          onClick={() => setAct(ban(row))}
        >
          {row.status === 'banned' ? 'Lift the ban…' : 'Ban…'}
        </Button>
      ),
    },
  ];
  const list = useQuery({ ...agentsQuery({
          search: search.search,
          status: search.status,
          developer_id: search.developer,
          page: search.page,
          limit: search.limit,
        }), placeholderData: keepPreviousData });
  return (
    <Page>
      <PageHeader title="Agents">Every agent, listed or not.</PageHeader>
      {search.developer && (
        <Group mb="sm" gap="xs">
          <Text size="sm">Of {search.developer}</Text>
          <Button size="compact-xs" variant="subtle" onClick={() => set({ developer: undefined })}>
            Show all
          </Button>
        </Group>
      )}
      <Directory
        label="Agents"
        name="agents"
        list={list}
        columns={columns}
        search={search}
        searchLabel="Name, slug or id"
        filters={[{ key: 'status', label: 'Every status', values: ['published', 'pending_review', 'deprecated', 'banned'] }]}
        onSearch={set}
      />
      <ReasonDialog act={act} onClose={() => setAct(null)} onDone={() => queries.invalidateQueries({ queryKey: ['console'] })} />
    </Page>
  );
}
