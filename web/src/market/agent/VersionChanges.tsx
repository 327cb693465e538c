import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { Schemas } from '@/api/types';

import { versionChangesQuery } from '../queries';

type Changes = Schemas['VersionChanges'];

/** What a version changed for who runs it, against the one before. */
export function VersionChanges({ agent, version }: { agent: string; version: string }) {
  const { data } = useQuery(versionChangesQuery(agent, version));
  if (!data) return null;
  const lines = changeLines(data);
  return (
    <div>
      <Text size="sm" mt="sm" fw={550}>
        Since {data.from}
      </Text>
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing that concerns who runs it: same inputs, outputs, permissions and limits.
        </Text>
      ) : (
        <List size="sm" mt={4}>
          {lines.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
    </div>
  );
}

/** The changes in plain words. */
export function changeLines(changes: Changes): string[] {
  const field = (what: string) => (change: Changes['inputs'][number]) => {
    const verb = { added: 'is new', removed: 'is gone', changed: 'has changed' }[change.change] ?? change.change;
    const more = [change.now_required ? 'required now' : '', change.now_secret ? 'secret now' : ''].filter(Boolean).join(', ');
    return `${what} ${change.name} ${verb}${more ? ` (${more})` : ''}.`;
  };
  return [
    ...changes.inputs.map(field('Input')),
    ...changes.outputs.map(field('Output')),
    ...changes.capabilities.added.map((name) => `It asks for ${name} now.`),
    ...changes.capabilities.removed.map((name) => `It asks for ${name} no more.`),
    ...changes.egress.added.map((host) => `It wants to reach ${host} now.`),
    ...changes.egress.removed.map((host) => `It wants to reach ${host} no more.`),
    ...changes.runtime.map(({ what, before, after }) => `${what}: ${before} before, ${after} now.`),
  ];
}
