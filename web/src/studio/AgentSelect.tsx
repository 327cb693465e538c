import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { ownAgentsQuery } from './queries';

interface Props {
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}

/** One of one's agents, or all. */
export function AgentSelect({ value, onChange }: Props) {
  const { data } = useQuery(ownAgentsQuery());
  return (
    <Select
      aria-label="Agent"
      w={220}
      data={[{ value: '', label: 'All agents' }, ...(data?.agents.map(({ id, name }) => ({ value: id, label: name })) ?? [])]}
      value={value ?? ''}
      onChange={(id) => onChange(id || undefined)}
      searchable={(data?.agents.length ?? 0) > 8}
    />
  );
}
