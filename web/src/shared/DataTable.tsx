import { Box, Group, Pagination, Skeleton, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import classes from './DataTable.module.css';
import { ErrorState } from './ErrorState';
import { formatCount } from './numbers';

export interface Column<Row> {
  key: string;
  /** On a phone it stands above the value; one that is no text is left out there. */
  header: ReactNode;
  render: (row: Row) => ReactNode;
  align?: 'left' | 'right';
  width?: number | string;
  /** On a phone it has a line to itself. */
  isWide?: boolean;
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
  /** The state of paging belongs in the address: see `paging.ts`. */
  page?: number;
  limit?: number;
  total?: number;
  onPage?: (page: number) => void;
  minWidth?: number;
  /** Rows of the skeleton: as many as will probably come, so that nothing jumps. */
  skeletonRows?: number;
}

/** A list of things: paging, and every state it can be in. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, error, onRetry, isStale, empty, minWidth = 640, skeletonRows = 8 } = props;
  if (error && !rows) return <ErrorState error={error} onRetry={onRetry} />;
  if (rows && rows.length === 0) return empty;
  return (
    <Box aria-busy={!rows || isStale}>
      {/* Scrolls sideways on a phone, so the keyboard must reach it. */}
      <Table.ScrollContainer
        minWidth={minWidth}
        className={`${classes.frame} scroll-x`}
        type="native"
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        {/* On a phone each row is a card. The roles are said since a table that is laid out otherwise loses them. */}
        <Table role="table" className={isStale ? `${classes.table} ${classes.stale}` : classes.table} aria-label={label}>
          <Table.Thead role="rowgroup" className={classes.heads}>
            <Table.Tr role="row">
              {columns.map((column) => (
                <Table.Th
                  key={column.key}
                  role="columnheader"
                  scope="col"
                  w={column.width}
                  className={column.align === 'right' ? `${classes.head} ${classes.right}` : classes.head}
                >
                  {column.header}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {rows
              ? rows.map((row) => (
                  <Table.Tr key={rowKey(row)} role="row" className={classes.row}>
                    {columns.map((column) => (
                      <Table.Td key={column.key} {...cellOf(column)}>
                        {column.render(row)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))
              : Array.from({ length: skeletonRows }, (_, index) => (
                  <Table.Tr key={index} role="row" className={classes.row}>
                    {columns.map((column) => (
                      <Table.Td key={column.key} {...cellOf(column)}>
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

function cellOf<Row>({ header, align, isWide }: Column<Row>) {
  const alignment = align === 'right' ? classes.right : undefined;
  return { role: 'cell', className: alignment, 'data-label': typeof header === 'string' ? header : undefined, 'data-wide': isWide };
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
