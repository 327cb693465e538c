import { Button, Text } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client, take } from '@/api/client';
import type { Column } from '@/shared/DataTable';
import { AnchorLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { formatCount } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { Directory } from '../Directory';
import { developersQuery } from '../queries';
import { type Act, ReasonDialog } from '../ReasonDialog';
import type { AdminDeveloper } from '../types';

const route = getRouteApi('/console/developers');

function suspension(developer: AdminDeveloper): Act {
  const params = { path: { developer: developer.id } };
  return developer.status === 'suspended'
    ? {
        title: `Reinstate ${developer.name}`,
        says: 'They can sign in, publish and be paid again. Access tokens that were revoked stay so.',
        verb: 'Reinstate',
        isTold: true,
        done: `${developer.name} is reinstated.`,
        run: (reason) => take(client.POST('/admin/developers/{developer}/reinstate', { params, body: { reason } })),
      }
    : {
        title: `Suspend ${developer.name}`,
        says: 'They cannot sign in or publish, their access tokens are revoked, and they are not paid while it lasts; what they earned stays payable. Their agents stay listed: ban those that must not run.',
        verb: 'Suspend',
        danger: true,
        isReasonNeeded: true,
        isTold: true,
        done: `${developer.name} is suspended.`,
        run: (reason) => take(client.POST('/admin/developers/{developer}/suspend', { params, body: { reason } })),
      };
}

/** Developers, to suspend and reinstate. */
export function ConsoleDevelopersPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/console/developers' });
  const queries = useQueryClient();
  const [act, setAct] = useState<Act | null>(null);
  const columns: Column<AdminDeveloper>[] = [
    { key: 'name', header: 'Developer', render: (row) => <Person name={row.name} email={row.email} id={row.id} note={row.company} /> },
    { key: 'status', header: 'Status', render: (row) => <StatusBadge status={row.status} /> },
    {
      key: 'agents',
      header: 'Agents',
      align: 'right',
      render: (row) => (
        <AnchorLink to="/console/agents" search={{ developer: row.id }} size="sm" className="tabular">
          {formatCount(row.published_agents)} of {formatCount(row.agents)} listed
        </AnchorLink>
      ),
    },
    { key: 'runs', header: 'Runs', align: 'right', render: (row) => <span className="tabular">{formatCount(row.total_executions)}</span> },
    { key: 'revenue', header: 'Earned', align: 'right', render: (row) => <Money amount={row.revenue} currency="INR" /> },
    { key: 'since', header: 'Since', render: (row) => <Time at={row.created_at} as="day" /> },
    {
      key: 'act',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (row) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`${row.status === 'suspended' ? 'Reinstate' : 'Suspend'} ${row.name}`}
          onClick={() => setAct(suspension(row))}
        >
          {row.status === 'suspended' ? 'Reinstate…' : 'Suspend…'}
        </Button>
      ),
    },
  ];
  const list = useQuery({ ...developersQuery({ search: search.search, status: search.status, page: search.page, limit: search.limit }), placeholderData: keepPreviousData });
  return (
    <Page>
      <PageHeader title="Developers">Everybody who may publish.</PageHeader>
      <Directory
        label="Developers"
        name="developers"
        list={list}
        columns={columns}
        search={search}
        searchLabel="Name, e-mail or id"
        filters={[{ key: 'status', label: 'Every status', values: ['active', 'suspended'] }]}
        onSearch={(next) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }), replace: true })}
      />
      <ReasonDialog act={act} onClose={() => setAct(null)} onDone={() => queries.invalidateQueries({ queryKey: ['console'] })} />
    </Page>
  );
}

export function Person({ name, email, id, note }: { name: string; email: string; id: string; note?: string | null }) {
  return (
    <>
      <Text size="sm" fw={550}>
        {name}
        {note && ` · ${note}`}
      </Text>
      <Text size="xs" c="dimmed">
        {email}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {id}
      </Text>
    </>
  );
}
