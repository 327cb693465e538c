import { Button, CloseButton, Group, Indicator, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { ListFilter, Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { useSearchKey } from '@/shared/useSearchKey';

import { SORT_LABELS } from './labels';
import { type ExploreSearch, type ExploreSort, SORTS } from './search';
import type { Change } from './useExplore';

interface Props {
  search: ExploreSearch;
  onChange: Change;
  onFilters: () => void;
  filters: number;
}

/** Words, order, and on small screens the way to the filters. */
export function Toolbar({ search, onChange, onFilters, filters }: Props) {
  const isSearching = Boolean(search.search);
  const sort = search.sort ?? (isSearching ? 'relevance' : 'popularity');
  const offered = SORTS.filter((choice) => choice !== 'relevance' || isSearching);
  return (
    <Group gap="sm" wrap="wrap">
      <Words value={search.search ?? ''} onChange={onChange} />
      <Button
        hiddenFrom="md"
        variant="default"
        leftSection={
          <Indicator label={filters} disabled={filters === 0} size={15}>
            <ListFilter size={16} aria-hidden />
          </Indicator>
        }
        onClick={onFilters}
      >
        Filters
      </Button>
      <Select
        aria-label="Order"
        w={190}
        value={sort}
        data={offered.map((value) => ({ value, label: SORT_LABELS[value] ?? value }))}
        onChange={(value) => onChange({ sort: (value ?? undefined) as ExploreSort | undefined })}
      />
    </Group>
  );
}

function Words({ value, onChange }: { value: string; onChange: Change }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  // The address may change by other means than this field: back, forward, a link.
  if (value !== known) {
    setKnown(value);
    if (text.trim() !== value) setText(value);
  }
  const send = useDebouncedCallback((words: string) => {
    onChange({ search: words.trim() === '' ? undefined : words.trim(), sort: undefined }, { replace: true });
  }, 120);
  useEffect(() => () => send.cancel(), [send]);
  const focus = () => input.current?.focus();
  useSearchKey(input);
  return (
    <TextInput
      ref={input}
      flex="1 1 240px"
      type="search"
      aria-label="Search agents"
      placeholder="Name, task, tag or developer"
      leftSection={<Search size={16} aria-hidden />}
      rightSection={
        text !== '' && (
          <CloseButton
            size="sm"
            aria-label="Clear the search"
            onClick={() => {
              setText('');
              send('');
              focus();
            }}
          />
        )
      }
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value);
      }}
      onKeyDown={(event) => event.key === 'Enter' && send.flush()}
    />
  );
}
