import { Text } from '@mantine/core';
import { ChartNoAxesColumn } from 'lucide-react';
import { useState } from 'react';

import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { Money } from '@/shared/Money';
import { formatCount, formatDuration, formatShare } from '@/shared/numbers';

import { CURRENCY } from '../types';
import { type DayRow, dayWords, type VersionRow } from './sums';

const tabular = (text: string) => <span className="tabular">{text}</span>;
const duration = (ms: number | null | undefined) => tabular(ms === null || ms === undefined ? '–' : formatDuration(ms));

function figures<Row extends DayRow | VersionRow>(withMiddle: boolean): Column<Row>[] {
  return [
    { key: 'runs', header: 'Runs', align: 'right', render: (row) => tabular(formatCount(row.executions)) },
    { key: 'revenue', header: 'Revenue', align: 'right', render: (row) => <Money amount={row.revenue} currency={CURRENCY} /> },
    {
      key: 'success',
      header: 'Success',
      align: 'right',
      render: (row) => tabular(row.success_rate === null ? '–' : formatShare(row.success_rate)),
    },
    ...(withMiddle
      ? [{ key: 'p50', header: 'p50', align: 'right' as const, render: (row: Row) => duration(row.p50_duration_ms) }]
      : [{ key: 'mean', header: 'Mean', align: 'right' as const, render: (row: Row) => duration(row.avg_duration_ms) }]),
    { key: 'p95', header: 'p95', align: 'right', render: (row) => duration(row.p95_duration_ms) },
  ];
}

const none = (
  <EmptyState icon={ChartNoAxesColumn} title="No runs on these days">
    Choose more days, or all agents.
  </EmptyState>
);

export function VersionsTable({ versions }: { versions: VersionRow[] }) {
  const withMiddle = versions.some((row) => row.p50_duration_ms !== undefined);
  return (
    <DataTable
      label="Figures by version"
      rows={versions}
      rowKey={(row) => `${row.agent_id}/${row.version}`}
      empty={none}
      columns={[
        {
          key: 'agent',
          header: 'Agent',
          render: (row) => (
            <Text size="sm" fw={550}>
              {row.agent_name}
            </Text>
          ),
        },
        { key: 'version', header: 'Version', render: (row) => tabular(row.version) },
        ...figures<VersionRow>(withMiddle),
      ]}
    />
  );
}

const PER_PAGE = 31;

export function DaysTable({ days }: { days: DayRow[] }) {
  const [page, setPage] = useState(1);
  const newest = [...days].reverse();
  const withMiddle = days.some((row) => row.p50_duration_ms !== undefined);
  return (
    <DataTable
      label="Figures by day"
      rows={newest.slice((page - 1) * PER_PAGE, page * PER_PAGE)}
      rowKey={(row) => row.day}
      empty={none}
      page={page}
      limit={PER_PAGE}
      total={days.length}
      onPage={setPage}
      columns={[{ key: 'day', header: 'Day', render: (row) => tabular(dayWords(row.day)) }, ...figures<DayRow>(withMiddle)]}
    />
  );
}
