import { Select } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';

import type { Schemas } from '@/api/types';
import { client, take } from '@/api/client';
import { confirmAsk } from '@/shared/confirm';
import type { Column } from '@/shared/DataTable';
import { AnchorLink } from '@/shared/links';
import { formatCount } from '@/shared/numbers';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { words } from '@/shared/words';
import { Time } from '@/shared/Time';

import { Directory } from '../Directory';
import { usersQuery } from '../queries';
import type { AdminUser } from '../types';
import { Person } from './ConsoleDevelopersPage';

const route = getRouteApi('/console/users');
const PLANS = ['standard', 'plus', 'pro'] as const;

const COLUMNS: Column<AdminUser>[] = [
  { key: 'name', header: 'User', render: (row) => <Person name={row.name} email={row.email} id={row.id} /> },
  { key: 'status', header: 'Status', render: (row) => <StatusBadge status={row.status} /> },
  { key: 'plan', header: 'Plan', render: (row) => <PlanSelect user={row} /> },
  {
    key: 'runs',
    header: 'Runs',
    align: 'right',
    render: (row) => (
      <AnchorLink to="/console/refunds" search={{ user: row.id }} size="sm" className="tabular">
        {formatCount(row.total_executions)}
      </AnchorLink>
    ),
  },
  { key: 'since', header: 'Since', render: (row) => <Time at={row.created_at} as="day" /> },
];

/** Users and their plans. */
export function ConsoleUsersPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/console/users' });
  const list = useQuery({ ...usersQuery({ search: search.search, plan: search.plan, status: search.status, page: search.page, limit: search.limit }), placeholderData: keepPreviousData });
  return (
    <Page>
      <PageHeader title="Users">A plan weighs in the queue: runs of Plus get twice, those of Pro four times as many turns as Standard’s when runs have to wait.</PageHeader>
      <Directory
        label="Users"
        name="users"
        list={list}
        columns={COLUMNS}
        search={search}
        searchLabel="Name, e-mail or id"
        filters={[{ key: 'plan', label: 'Every plan', values: [...PLANS] }]}
        onSearch={(next) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }), replace: true })}
      />
    </Page>
  );
}

function PlanSelect({ user }: { user: AdminUser }) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (plan: Schemas['Plan']) =>
      take(client.POST('/admin/users/{user}/plan', { params: { path: { user: user.id } }, body: { plan } })),
    onSuccess: async (_, plan) => {
      await queries.invalidateQueries({ queryKey: ['console'] });
      notifyDone(`${user.name} has the plan ${words(plan)} now.`);
    },
    onError: (error) => notifyFailed(error),
  });
  const ask = async (plan: string | null) => {
    if (plan === null || plan === user.plan) return;
    const sure = await confirmAsk({
      title: `Change the plan of ${user.name}?`,
      children: `From ${words(user.plan)} to ${words(plan)}. It counts for runs that are started from now on.`,
      confirm: 'Change it',
    });
    if (sure) change.mutate(plan as Schemas['Plan']);
  };
  return (
    <Select
      aria-label={`Plan of ${user.name}`}
      size="xs"
      w={120}
      data={PLANS.map((value) => ({ value, label: words(value) }))}
      value={user.plan}
      disabled={change.isPending}
      onChange={(plan) => void ask(plan)}
    />
  );
}
