import { Button, Group, Popover, Table, Text, UnstyledButton } from '@mantine/core';
import { Download } from 'lucide-react';
import { useState } from 'react';

import { csvOf, download } from '@/shared/download';
import { JsonTree } from '@/shared/JsonTree';
import { formatCount, plural } from '@/shared/numbers';
import { words } from '@/shared/words';

import { columnsOf, lineOf } from './kind';
import classes from './outputs.module.css';

const AT_ONCE = 20;

/** A list of objects as a table; parts that are values of their own open on demand. */
export function ValueTable({ name, rows }: { name: string; rows: Record<string, unknown>[] }) {
  const [shown, setShown] = useState(AT_ONCE);
  const columns = columnsOf(rows) ?? [];
  const isNumeric = (column: string) => rows.every((row) => row[column] === null || row[column] === undefined || typeof row[column] === 'number');
  const alignOf = new Map(columns.map((column) => [column, isNumeric(column) ? ('right' as const) : undefined]));
  return (
    <div>
      <Table.ScrollContainer minWidth={Math.min(columns.length * 110, 1600)} type="native" className={`${classes.frame} scroll-x`} maxHeight={480} tabIndex={0} role="group" aria-label={words(name)}>
        <Table verticalSpacing={6} horizontalSpacing="sm" aria-label={words(name)} stickyHeader fz="sm">
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column} scope="col" fz="xs" c="dimmed" fw={550} ta={alignOf.get(column)}>
                  {column}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, shown).map((row, index) => (
              <Table.Tr key={index}>
                {columns.map((column) => (
                  <Table.Td key={column} className={classes.cell} ta={alignOf.get(column)}>
                    <Cell name={column} value={row[column]} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Group justify="space-between" mt={6}>
        <Text size="xs" c="dimmed">
          {shown < rows.length ? `${formatCount(shown)} of ${plural(rows.length, 'row')}` : plural(rows.length, 'row')}
        </Text>
        <Group gap="xs">
          {shown < rows.length && (
            <Button variant="subtle" size="compact-xs" onClick={() => setShown(shown + 200)}>
              Show more
            </Button>
          )}
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<Download size={13} aria-hidden />}
            onClick={() => download(`${name}.csv`, csvOf(columns, rows), 'text/csv')}
            aria-label={`Download ${words(name)} as CSV`}
          >
            CSV
          </Button>
        </Group>
      </Group>
    </div>
  );
}

function Cell({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === undefined) return <Text span c="dimmed" inherit aria-label="none">–</Text>;
  if (typeof value !== 'object') {
    const text = lineOf(value);
    return <span title={text.length > 40 ? text : undefined} className={typeof value === 'number' ? 'tabular' : undefined}>{text}</span>;
  }
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (size === 0) return <Text span c="dimmed" inherit aria-label="empty">–</Text>;
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object') && value.length <= 6) {
    return <span>{value.map(String).join(', ')}</span>;
  }
  return (
    <Popover position="bottom-start" shadow="md" width={360} withinPortal>
      <Popover.Target>
        <UnstyledButton fz="sm" c="var(--mantine-color-anchor)" mih={24} title={`Open ${name}`}>
          {plural(size, Array.isArray(value) ? 'entry' : 'field', Array.isArray(value) ? 'entries' : 'fields')}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown mah={360} style={{ overflow: 'auto' }}>
        <JsonTree value={value} open={2} />
      </Popover.Dropdown>
    </Popover>
  );
}
