import { Box, Group, Pagination, Skeleton, Table, Text, UnstyledButton } from '@mantine/core';
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';

import classes from './DataTable.module.css';
import { ErrorState } from './ErrorState';
import { formatCount } from './numbers';

export interface Column<Row> {
  key: string;
  header: ReactNode;
  render: (row: Row) => ReactNode;
  align?: 'left' | 'right';
  width?: number | string;
  /** Whether its header sorts by `key`. */
  sortable?: boolean;
}

export interface Sort {
  key: string;
  desc: boolean;
}

interface Props<Row> {
  /** What the table lists; read out by screen readers. */
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  error?: unknown;
  onRetry?: () => void;
  /** Old rows are shown while new ones are on their way. */
  isStale?: boolean;
  /** In place of the table when there are no rows: an `EmptyState`. */
  empty: ReactNode;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  /** The state of paging belongs in the address: see `paging.ts`. */
  page?: number;
  limit?: number;
  total?: number;
  onPage?: (page: number) => void;
  minWidth?: number;
  /** Rows of the skeleton: as many as will probably come, so that nothing jumps. */
  skeletonRows?: number;
}

/** A list of things: sorting, paging, and every state it can be in. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, error, onRetry, isStale, empty, minWidth = 640, skeletonRows = 8 } = props;
  if (error && !rows) return <ErrorState error={error} onRetry={onRetry} />;
  if (rows && rows.length === 0) return empty;
  return (
    <Box aria-busy={!rows || isStale}>
      {/* Scrolls sideways on a phone, so the keyboard must reach it. */}
      <Table.ScrollContainer
        minWidth={minWidth}
        className={classes.frame}
        type="native"
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        <Table className={isStale ? classes.stale : undefined} aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <HeaderCell key={column.key} column={column} sort={props.sort} onSort={props.onSort} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows
              ? rows.map((row) => (
                  <Table.Tr key={rowKey(row)}>
                    {columns.map((column) => (
                      <Table.Td key={column.key} ta={column.align}>
                        {column.render(row)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))
              : Array.from({ length: skeletonRows }, (_, index) => (
                  <Table.Tr key={index}>
                    {columns.map((column) => (
                      <Table.Td key={column.key}>
                        <Skeleton h={14} my={4} w={column.align === 'right' ? '60%' : '80%'} />
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Paging {...props} />
    </Box>
  );
}

interface HeaderProps<Row> {
  column: Column<Row>;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
}

function HeaderCell<Row>({ column, sort, onSort }: HeaderProps<Row>) {
  const isSorted = sort?.key === column.key;
  const direction = isSorted ? (sort.desc ? 'descending' : 'ascending') : 'none';
  const Icon = !isSorted ? ChevronsUpDown : sort.desc ? ArrowDown : ArrowUp;
  return (
    <Table.Th
      className={classes.head}
      w={column.width}
      ta={column.align}
      scope="col"
      aria-sort={column.sortable ? direction : undefined}
    >
      {column.sortable && onSort ? (
        <UnstyledButton
          className={classes.sort}
          onClick={() => onSort({ key: column.key, desc: isSorted ? !sort.desc : true })}
        >
          {column.header}
          <Icon size={13} aria-hidden />
        </UnstyledButton>
      ) : (
        column.header
      )}
    </Table.Th>
  );
}

function Paging<Row>({ page = 1, limit, total, onPage, rows }: Props<Row>) {
  if (total === undefined || limit === undefined || !onPage || !rows) return null;
  const pages = Math.ceil(total / limit);
  const first = (page - 1) * limit + 1;
  return (
    <Group justify="space-between" mt="sm" gap="sm">
      <Text size="xs" c="dimmed" className="tabular">
        {formatCount(first)}–{formatCount(first + rows.length - 1)} of {formatCount(total)}
      </Text>
      {pages > 1 && (
        <Pagination
          size="sm"
          total={pages}
          value={page}
          onChange={onPage}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
        />
      )}
    </Group>
  );
}
