import { Group, Select } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { SearchX } from 'lucide-react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { words } from '@/shared/words';

import { SearchField } from './SearchField';
import type { ListSearch } from './search';

interface Props<Name extends string, Row> {
  /** What is listed: "Developers". */
  label: string;
  name: Name;
  list: UseQueryResult<{ total: number } & Record<Name, Row[]>>;
  columns: Column<Row>[];
  search: ListSearch;
  searchLabel: string;
  /** Choices of filters, by their key in the address. */
  filters?: { key: 'status' | 'plan'; label: string; values: string[] }[];
  onSearch: (next: Partial<ListSearch>) => void;
}

/** A list of accounts or agents: searched and filtered by the server. */
export function Directory<Name extends string, Row extends { id: string }>(props: Props<Name, Row>) {
  const { label, name, list, columns, search, searchLabel, filters = [], onSearch } = props;
  const { data, error, refetch, isPlaceholderData } = list;
  return (
    <>
      <Group mb="md" gap="sm">
        <SearchField label={searchLabel} value={search.search} onSearch={(text) => onSearch({ search: text })} />
        {filters.map(({ key, label: filterLabel, values }) => (
          <Select
            key={key}
            aria-label={filterLabel}
            w={170}
            data={[{ value: '', label: filterLabel }, ...values.map((value) => ({ value, label: words(value) }))]}
            value={search[key] ?? ''}
            onChange={(value) => onSearch({ [key]: value || undefined })}
          />
        ))}
      </Group>
      <DataTable
        label={label}
        columns={columns}
        rows={data?.[name]}
        rowKey={(row) => row.id}
        error={error}
        onRetry={() => void refetch()}
        isStale={isPlaceholderData}
        page={search.page ?? 1}
        limit={search.limit ?? 20}
        total={data?.total}
        onPage={(page) => onSearch({ page: page > 1 ? page : undefined })}
        minWidth={860}
        empty={
          <EmptyState icon={SearchX} title="Nothing found">
            Search for part of a name, or an id; or choose another filter.
          </EmptyState>
        }
      />
    </>
  );
}
