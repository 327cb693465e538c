import { Badge, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CheckCircle2 } from 'lucide-react';

import { DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { formatCount, plural } from '@/shared/numbers';
import { Time } from '@/shared/Time';

import { errorsQuery } from '../queries';
import { reasonWords } from '../runs/reasons';
import type { Analytics } from '../types';

interface Props {
  agent: string | undefined;
  days: number;
  agents: Analytics['agents'];
}

/** Why runs failed, in which words, most first. */
export function TopErrors({ agent, days, agents }: Props) {
  const { data, error, refetch } = useQuery(errorsQuery({ agent_id: agent, days }));
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton h={200} radius="lg" aria-busy />;
  if (data.reasons.length === 0) {
    return <EmptyState icon={CheckCircle2} title="No run failed on these days" />;
  }
  const nameOf = new Map(agents.map(({ id, name }) => [id, name]));
  return (
    <Stack gap="md">
      <Paper p="md">
        <Group gap="xs">
          {data.reasons.map(({ reason, executions }) => (
            <Badge key={reason} color="red" size="lg">
              {reasonWords(reason)}: {formatCount(executions)}
            </Badge>
          ))}
        </Group>
      </Paper>
      <DataTable
        label="Errors"
        rows={data.errors}
        rowKey={(row) => `${row.execution_id}`}
        empty={<EmptyState icon={CheckCircle2} title="Nothing was said" />}
        columns={[
          {
            key: 'message',
            header: 'Message',
            render: (row) => (
              <>
                <Text size="sm" ff={row.message ? 'monospace' : undefined} c={row.message ? undefined : 'dimmed'} lineClamp={2}>
                  {row.message ?? 'Nothing that can be shown'}
                </Text>
                <Text size="xs" c="dimmed">
                  {nameOf.get(row.agent_id) ?? row.agent_id} {row.version}
                  {row.reason && ` · ${reasonWords(row.reason)}`}
                </Text>
              </>
            ),
          },
          { key: 'count', header: 'Runs', align: 'right', render: (row) => <span className="tabular">{formatCount(row.executions)}</span> },
          { key: 'at', header: 'Last', render: (row) => <Time at={row.at} /> },
          {
            key: 'run',
            header: <span className="visually-hidden">Logs</span>,
            render: (row) => (
              <AnchorLink to="/studio/runs/$run" params={{ run: row.execution_id }} size="sm">
                Logs
              </AnchorLink>
            ),
          },
        ]}
      />
      <Text size="xs" c="dimmed">
        Words are those of the latest {plural(data.looked_at, 'failed run')}, without anything that users put in.
      </Text>
    </Stack>
  );
}
