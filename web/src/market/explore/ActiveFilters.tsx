import { Anchor, Group, Pill } from '@mantine/core';

import type { ActiveFilter, Change } from './useExplore';

interface Props {
  filters: ActiveFilter[];
  onChange: Change;
  onClear: () => void;
}

/** The filters in force; each can be taken off. */
export function ActiveFilters({ filters, onChange, onClear }: Props) {
  if (filters.length === 0) return null;
  return (
    <Group gap={6} role="group" aria-label="Filters in force">
      {filters.map((filter) => (
        <Pill
          key={filter.key}
          size="md"
          withRemoveButton
          onRemove={() => onChange(filter.off)}
          removeButtonProps={{ 'aria-label': `Take off the filter ${filter.label}`, tabIndex: 0, 'aria-hidden': false }}
        >
          {filter.label}
        </Pill>
      ))}
      <Anchor component="button" type="button" size="sm" onClick={onClear}>
        Clear
      </Anchor>
    </Group>
  );
}
