import { Badge, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { Minus, PencilLine, Plus } from 'lucide-react';

import { plural } from '@/shared/numbers';

import type { Change, VersionDiff } from '../types';
import { abilityWords } from './words';

const MOST = 24;

/** What a version changes against the newest approved one before it: what it asks for first, files last. */
export function ChangesView({ changes, withFiles = true }: { changes: VersionDiff; withFiles?: boolean }) {
  const rows: [string, Change, ((name: string) => string)?][] = [
    ['Capabilities it asks for', changes.capabilities, abilityWords],
    ['What the code does', changes.abilities, abilityWords],
    ['Hosts', changes.hosts],
    ['Dependencies', changes.dependencies],
    ['Modules', changes.modules],
  ];
  const told = rows.filter(([, change]) => change.added.length + change.removed.length > 0);
  const { files } = changes;
  const fileCount = files.added.length + files.removed.length + files.changed.length;
  return (
    <Paper p="md">
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h3">Changes since {changes.since}</Title>
          <Group gap={6}>
            {changes.new.length > 0 && <Badge color="yellow">{plural(changes.new.length, 'new finding')}</Badge>}
            {changes.removed.length > 0 && <Badge color="green">{plural(changes.removed.length, 'finding')} gone</Badge>}
            <Badge color={changes.risk_change > 0 ? 'orange' : changes.risk_change < 0 ? 'green' : 'gray'}>
              risk {changes.risk_change > 0 ? `+${changes.risk_change}` : changes.risk_change}
            </Badge>
          </Group>
        </Group>
        {told.length === 0 && (
          <Text size="sm" c="dimmed">
            It asks for nothing new: the same capabilities, hosts, modules and dependencies.
          </Text>
        )}
        {told.length > 0 && (
          <Table aria-label={`Changes since ${changes.since}`}>
            <Table.Tbody>
              {told.map(([label, change, say]) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row" w={200} fw={500} style={{ verticalAlign: 'top' }}>
                    {label}
                  </Table.Th>
                  <Table.Td>
                    <Names change={change} say={say} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        {withFiles && (
          <div>
            <Text size="sm" fw={550} mb={4}>
              {fileCount === 0 ? 'No file differs' : plural(fileCount, 'file')}
            </Text>
            <Names change={files} changed={files.changed} />
          </div>
        )}
      </Stack>
    </Paper>
  );
}

function Names({ change, changed = [], say }: { change: Change; changed?: string[]; say?: (name: string) => string }) {
  const all = [
    ...change.added.map((name) => ({ name, color: 'green', icon: Plus, verb: 'added' })),
    ...change.removed.map((name) => ({ name, color: 'red', icon: Minus, verb: 'removed' })),
    ...changed.map((name) => ({ name, color: 'blue', icon: PencilLine, verb: 'changed' })),
  ];
  return (
    <Group gap={6}>
      {all.slice(0, MOST).map(({ name, color, icon: Icon, verb }) => (
        <Badge
          key={`${verb} ${name}`}
          color={color}
          leftSection={<Icon size={11} aria-label={verb} />}
          style={{ maxWidth: '100%' }}
        >
          {say ? say(name) : name}
        </Badge>
      ))}
      {all.length > MOST && (
        <Text size="xs" c="dimmed">
          and {all.length - MOST} more
        </Text>
      )}
    </Group>
  );
}
