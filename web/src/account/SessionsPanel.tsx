import { Badge, Button, Group, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { MonitorSmartphone } from 'lucide-react';

import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import { signOut } from '@/session/signOut';
import { confirmAsk } from '@/shared/confirm';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { Panel } from '@/shared/Panel';
import { Time } from '@/shared/Time';

import { clientWords } from './client';
import { sessionsQuery } from './queries';

type Session = Schemas['SessionItem'];

export function SessionsPanel() {
  const sessions = useQuery(sessionsQuery());
  const end = useMutation({
    mutationFn: (session: string) => take(client.DELETE('/me/sessions/{session}', { params: { path: { session } } })),
    onSuccess: () => notifyDone('That session has ended.'),
    onError: (error) => notifyFailed(error),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: sessionsQuery().queryKey }),
  });
  const endAll = async () => {
    const sure = await confirmAsk({
      title: 'Sign out everywhere?',
      children: 'All sessions end at once, this one too. Access tokens of programs keep working.',
      confirm: 'Sign out everywhere',
      danger: true,
    });
    if (!sure) return;
    try {
      await take(client.POST('/auth/logout-everywhere'));
      await signOut();
    } catch (error) {
      notifyFailed(error);
    }
  };
  return (
    <Panel
      title="Sessions"
      description="Where you are signed in."
      aside={
        <Button variant="default" size="xs" onClick={() => void endAll()}>
          Sign out everywhere
        </Button>
      }
    >
      <DataTable
        label="Sessions"
        columns={columns((id) => end.mutate(id))}
        rows={sessions.data?.sessions}
        rowKey={(session) => session.id}
        error={sessions.error}
        onRetry={() => void sessions.refetch()}
        minWidth={480}
        skeletonRows={2}
        empty={<EmptyState order={3} icon={MonitorSmartphone} title="No sessions" />}
      />
    </Panel>
  );
}

function columns(onEnd: (id: string) => void): Column<Session>[] {
  return [
    {
      key: 'client',
      header: 'Device',
      render: (session) => (
        <>
          <Group gap={6}>
            <Text size="sm" title={session.client}>{clientWords(session.client)}</Text>
            {session.current && <Badge size="sm">This one</Badge>}
          </Group>
          <Text size="xs" c="dimmed">{session.address ?? 'Address unknown'}</Text>
        </>
      ),
    },
    { key: 'since', header: 'Signed in', render: (session) => <Time at={session.created_at} /> },
    { key: 'seen', header: 'Last active', render: (session) => <Time at={session.refreshed_at} /> },
    {
      key: 'end',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (session) =>
        session.current ? null : (
          <Button variant="subtle" color="red" size="compact-xs" onClick={() => onEnd(session.id)}>
            End<span className="visually-hidden"> the session of {clientWords(session.client)}</span>
          </Button>
        ),
    },
  ];
}
