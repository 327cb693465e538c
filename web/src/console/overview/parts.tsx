/** The parts of the overview: small tables of figures. */
import { Badge, Group, Paper, Progress, Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { formatCount, formatDuration } from '@/shared/numbers';
import { StatusBadge } from '@/shared/StatusBadge';
import { words } from '@/shared/words';
import { Time } from '@/shared/Time';
import { reasonWords } from '@/studio/runs/reasons';
import { ServerOff } from 'lucide-react';

import type { Overview } from '../types';

function Part({ title, children, note }: { title: string; children: ReactNode; note?: string }) {
  return (
    <Paper p="md" h="100%" component="section" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {note && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
      {children}
    </Paper>
  );
}

const CLASS: Record<string, string> = {
  paid: 'Paid runs',
  free: 'Free runs',
  settling: 'Runs to settle',
  authorizing: 'Payments to authorise',
  delayed: 'Scheduled for later',
  jobs: 'Other work',
};
const number = (value: number) => <span className="tabular">{formatCount(value)}</span>;

/** What waits, by class, and how long the first of each has. */
export function Queue({ overview }: { overview: Overview }) {
  const classes = Object.keys({ ...CLASS, ...overview.depth });
  return (
    <Part title="Queue" note="What waits, and for how long the oldest of it has">
      <Table mt="xs" aria-label="Queue by class">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Kind</Table.Th>
            <Table.Th ta="right">Waiting</Table.Th>
            <Table.Th ta="right">Oldest</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {classes.map((name) => {
            const wait = overview.oldest_wait_ms[name];
            return (
              <Table.Tr key={name}>
                <Table.Td>{CLASS[name] ?? words(name)}</Table.Td>
                <Table.Td ta="right">{number(overview.depth[name] ?? 0)}</Table.Td>
                <Table.Td ta="right" className="tabular">
                  {typeof wait === 'number' ? formatDuration(wait) : '–'}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Part>
  );
}

const STATES = ['queued', 'running', 'settling', 'success', 'failed', 'timeout', 'cancelled'];

/** Runs by state, of the last day and the last hour. */
export function Runs({ overview }: { overview: Overview }) {
  return (
    <Part title="Runs" note="Runs asked for in that time, by their state now">
      <Table mt="xs" aria-label="Runs by state">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>State</Table.Th>
            <Table.Th ta="right">Last hour</Table.Th>
            <Table.Th ta="right">24 hours</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {STATES.map((state) => (
            <Table.Tr key={state}>
              <Table.Td>
                <StatusBadge status={state} size="sm" />
              </Table.Td>
              <Table.Td ta="right">{number(overview.last_hour.runs[state] ?? 0)}</Table.Td>
              <Table.Td ta="right">{number(overview.runs[state] ?? 0)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Part>
  );
}

/** Why runs failed, and what had to be begun again. */
export function Failures({ overview }: { overview: Overview }) {
  const reasons = Object.entries(overview.failures).sort(([, a], [, b]) => b - a);
  const { attempts, last_hour: hour } = overview;
  return (
    <Part title="Failures" note="Why runs of the last 24 hours failed; those of the last hour in brackets">
      {reasons.length === 0 ? (
        <Text size="sm" mt="sm">
          No run failed.
        </Text>
      ) : (
        <Group gap="xs" mt="sm">
          {reasons.map(([reason, count]) => (
            <Badge key={reason} size="lg" color={reason === 'platform' ? 'red' : 'orange'}>
              {reasonWords(reason)}: {formatCount(count)} ({formatCount(hour.failures[reason] ?? 0)})
            </Badge>
          ))}
        </Group>
      )}
      <Text size="sm" c="dimmed" mt="sm">
        Attempts that went back to the queue: {formatCount(attempts.retries)} ({formatCount(hour.attempts.retries)}). Attempts lost
        with their worker: {formatCount(attempts.lost)} ({formatCount(hour.attempts.lost)}).
      </Text>
    </Part>
  );
}

export function Workers({ workers }: { workers: Overview['workers'] }) {
  return (
    <section aria-labelledby="workers-title">
      <Title order={2} id="workers-title" mb="sm">
        Workers
      </Title>
      <DataTable
        label="Workers"
        rows={workers}
        rowKey={(worker) => worker.name}
        minWidth={760}
        empty={
          <EmptyState icon={ServerOff} title="No worker">
            Nothing runs agents. Start one: frameos worker, or frameos serve with workers of its own.
          </EmptyState>
        }
        columns={[
          {
            key: 'host',
            header: 'Worker',
            render: (worker) => (
              <>
                <Text size="sm" fw={550}>
                  {worker.host}
                </Text>
                <Text size="xs" c="dimmed">
                  process {worker.pid}, version {worker.version}
                </Text>
              </>
            ),
          },
          { key: 'state', header: 'State', render: (worker) => <StatusBadge status={worker.state} /> },
          {
            key: 'slots',
            header: 'Slots',
            width: 180,
            render: (worker) => (
              <Group gap="xs" wrap="nowrap">
                <Progress
                  value={worker.slots > 0 ? (worker.busy / worker.slots) * 100 : 0}
                  w={90}
                  aria-label={`${worker.busy} of ${worker.slots} slots of ${worker.host} are busy`}
                />
                <span className="tabular">
                  {worker.busy}/{worker.slots}
                </span>
              </Group>
            ),
          },
          {
            key: 'isolation',
            header: 'Isolation',
            render: (worker) => (
              <Text size="xs" ff="monospace">
                {worker.isolation ?? 'not said'}
              </Text>
            ),
          },
          { key: 'since', header: 'Started', render: (worker) => <Time at={worker.started_at} /> },
          { key: 'seen', header: 'Last seen', render: (worker) => <Time at={worker.last_seen} /> },
        ]}
      />
    </section>
  );
}
