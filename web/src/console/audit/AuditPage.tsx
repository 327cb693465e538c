import { Button, Group, Text, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { IdText } from '@/shared/IdText';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';
import { words } from '@/shared/words';

import { auditQuery } from '../queries';
import { SearchField } from '../SearchField';
import type { AuditEntry } from '../types';

const route = getRouteApi('/console/audit');

const COLUMNS: Column<AuditEntry>[] = [
  { key: 'at', header: 'When', width: 190, render: (row) => <Time at={row.at} as="absolute" /> },
  {
    key: 'action',
    header: 'Action',
    render: (row) => (
      <Text size="sm" fw={550} title={row.action}>
        {actionWords(row.action)}
      </Text>
    ),
  },
  {
    key: 'what',
    header: 'Subject',
    render: (row) => <IdText id={row.subject} label="the subject’s id" />,
  },
  {
    key: 'who',
    header: 'Actor',
    render: (row) => <IdText id={row.actor} label="the actor’s id" />,
  },
  {
    key: 'detail',
    header: 'Detail',
    isWide: true,
    render: (row) => (
      <Text size="sm" maw={420} style={{ overflowWrap: 'anywhere' }}>
        {row.detail ?? '–'}
      </Text>
    ),
  },
];

/** `version.approve` as "Version: approve". */
function actionWords(action: string): string {
  const [noun = '', verb] = action.split('.');
  return verb === undefined ? words(noun) : `${words(noun)}: ${words(verb).toLowerCase()}`;
}

/** A day as it is typed, to the moment it begins or ends for the reader. */
const momentOf = (day: string | undefined, clock: string): string | undefined =>
  day === undefined ? undefined : new Date(`${day}T${clock}`).toISOString();

/** What administrators did. Nothing in it can be changed. */
export function AuditPage() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/console/audit' });
  const { actor, action, subject, from, to, page = 1, limit = 50 } = search;
  const query = auditQuery({
    actor, action, subject, page, limit,
    from: momentOf(from, '00:00:00.000'),
    to: momentOf(to, '23:59:59.999'),
  });
  const { data, error, refetch, isPlaceholderData } = useQuery({ ...query, placeholderData: keepPreviousData });
  const set = (next: object) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }), replace: true });
  const isFiltered = [actor, action, subject, from, to].some((value) => value !== undefined);
  return (
    <Page>
      <PageHeader title="Audit log">What administrators did, newest first. Nothing in it can be changed.</PageHeader>
      <Group mb="md" gap="sm" align="flex-end" key={isFiltered ? 'filtered' : 'all'}>
        <SearchField label="Action: version.approve" value={action} onSearch={(text) => set({ action: text })} w={{ base: '100%', xs: 215 }} />
        <SearchField label="Subject: whole id" value={subject} onSearch={(text) => set({ subject: text })} w={{ base: '100%', xs: 190 }} />
        <SearchField label="Actor: whole id" value={actor} onSearch={(text) => set({ actor: text })} w={{ base: '100%', xs: 180 }} />
        <TextInput
          type="date"
          aria-label="From"
          value={from ?? ''}
          max={to}
          onChange={({ currentTarget: { value } }) => set({ from: value || undefined })}
        />
        <TextInput
          type="date"
          aria-label="To"
          value={to ?? ''}
          min={from}
          onChange={({ currentTarget: { value } }) => set({ to: value || undefined })}
        />
        {isFiltered && (
          <Button variant="subtle" onClick={() => void navigate({ search: {} })}>
            All
          </Button>
        )}
      </Group>
      <DataTable
        label="Audit log"
        columns={COLUMNS}
        rows={data?.entries}
        rowKey={(row) => row.id}
        error={error}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        page={page}
        limit={limit}
        total={data?.total}
        onPage={(next) => set({ page: next > 1 ? next : undefined })}
        minWidth={860}
        empty={
          <EmptyState icon={ScrollText} title={isFiltered ? 'No entry is like that' : 'Nothing was done yet'}>
            {isFiltered ? 'Ids and actions are searched for whole, such as version.approve.' : undefined}
          </EmptyState>
        }
      />
    </Page>
  );
}
