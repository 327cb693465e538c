import { TagsInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { agentsQuery } from '@/market/queries';

interface Props {
  label: string;
  value: string[];
  onChange: (value: string[]) => void;
  error: string | undefined;
}

/** Agents by their short names, found by typing. */
export function AgentTags({ label, value, onChange, error }: Props) {
  const [search, setSearch] = useState('');
  const [wanted] = useDebouncedValue(search.trim(), 200);
  const found = useQuery({ ...agentsQuery(wanted === '' ? { limit: 20 } : { search: wanted, limit: 20 }), placeholderData: keepPreviousData });
  const names = new Map((found.data?.agents ?? []).map(({ slug, name }) => [slug, name]));
  return (
    <TagsInput
      label={label}
      placeholder={value.length === 0 ? 'Search by name' : undefined}
      value={value}
      onChange={onChange}
      searchValue={search}
      onSearchChange={setSearch}
      data={[...names.keys()]}
      filter={({ options }) => options}
      renderOption={({ option }) => `${names.get(option.value) ?? option.value} (${option.value})`}
      error={error}
      comboboxProps={{ shadow: 'md' }}
      acceptValueOnBlur={false}
    />
  );
}
