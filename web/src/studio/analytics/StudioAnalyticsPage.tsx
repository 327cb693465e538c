import { Button, Group, Menu, SegmentedControl, SimpleGrid, Stack, Tabs, VisuallyHidden } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Download } from 'lucide-react';

import { download } from '@/shared/download';
import { ErrorState } from '@/shared/ErrorState';
import { formatMoney } from '@/shared/money';
import { formatCount, formatDuration, formatShare } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { AgentSelect } from '../AgentSelect';
import { analyticsQuery } from '../queries';
import { Stat } from '../Stat';
import { type Analytics, CURRENCY } from '../types';
import { ChartCard } from './ChartCard';
import { DaysTable, VersionsTable } from './FigureTables';
import { DAYS } from './search';
import { csvOf, type DayRow, totalsOf, type VersionRow } from './sums';
import { TopErrors } from './TopErrors';

const route = getRouteApi('/studio/analytics');
const LABEL = { '7': '7 days', '30': '30 days', '90': '90 days', '365': 'A year' };

export function StudioAnalyticsPage() {
  const { agent, days = '30' } = route.useSearch();
  const navigate = useNavigate({ from: '/studio/analytics' });
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...analyticsQuery({ agent_id: agent, days: Number(days) }),
    placeholderData: keepPreviousData,
  });
  const totals = data && totalsOf(data.days);
  const set = (next: object) => void navigate({ search: (old: object) => ({ ...old, ...next }), replace: true });
  return (
    <Page>
      <PageHeader title="Analytics" actions={data && <ExportMenu data={data} />}>
        Runs, revenue and speed of your agents. Days are days of UTC; revenue is your share.
      </PageHeader>
      <Group mb="lg" gap="sm">
        <AgentSelect value={agent} onChange={(id) => set({ agent: id })} />
        <SegmentedControl
          aria-label="Days"
          data={DAYS.map((value) => ({ value, label: LABEL[value] }))}
          value={days}
          onChange={(value) => set({ days: value === '30' ? undefined : value })}
        />
      </Group>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Stack gap="lg" aria-busy={!data || isPlaceholderData} style={{ opacity: isPlaceholderData ? 0.6 : 1 }}>
          <SimpleGrid cols={{ base: 2, md: 4 }} spacing="md">
            <Stat label="Runs" value={totals && formatCount(totals.executions)} />
            <Stat label="Revenue" value={totals && formatMoney(totals.revenue, CURRENCY)} />
            <Stat label="Success rate" value={totals && (totals.successRate === null ? '–' : formatShare(totals.successRate))} />
            <Stat label="Mean duration" value={totals && (totals.avgDuration === null ? '–' : formatDuration(totals.avgDuration))} />
          </SimpleGrid>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
            <ChartCard title="Runs" drawing="runs" days={data?.days} says="All runs, however they ended." />
            <ChartCard title="Revenue" drawing="revenue" days={data?.days} says="Your 70 % of what was paid, refunds taken off." />
            <ChartCard title="Success" drawing="success" days={data?.days} says="The share of runs that ended well." />
            <ChartCard title="Duration" drawing="duration" days={data?.days} says="How long runs took, within 5 %." />
          </SimpleGrid>
          {data && (
            <Tabs defaultValue="versions">
              <Tabs.List mb="md">
                <Tabs.Tab value="versions">By version</Tabs.Tab>
                <Tabs.Tab value="days">By day</Tabs.Tab>
                <Tabs.Tab value="errors">Top errors</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="versions">
                <VersionsTable versions={data.versions} />
              </Tabs.Panel>
              <Tabs.Panel value="days">
                <DaysTable days={data.days} />
              </Tabs.Panel>
              <Tabs.Panel value="errors">
                <TopErrors agent={agent} days={Number(days)} agents={data.agents} />
              </Tabs.Panel>
            </Tabs>
          )}
          <VisuallyHidden aria-live="polite">{isPlaceholderData ? 'Loading' : ''}</VisuallyHidden>
        </Stack>
      )}
    </Page>
  );
}

/** What is shown, as tables for a spreadsheet. */
function ExportMenu({ data }: { data: Analytics }) {
  const save = (name: string, head: string[], rows: (string | number | null)[][]) =>
    download(name, csvOf(head, rows), 'text/csv');
  const figures = ['runs', 'revenue_paise', 'success_rate', 'mean_duration_ms', 'p50_duration_ms', 'p95_duration_ms'];
  const cells = (row: DayRow | VersionRow) => [
    row.executions, row.revenue, row.success_rate, row.avg_duration_ms, row.p50_duration_ms ?? null, row.p95_duration_ms,
  ];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<Download size={16} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save('days.csv', ['day', ...figures], data.days.map((day) => [day.day, ...cells(day)]))}>
          By day (CSV)
        </Menu.Item>
        <Menu.Item
          onClick={() =>
            save('versions.csv', ['agent', 'version', ...figures], data.versions.map((row) => [row.agent_name, row.version, ...cells(row)]))
          }
        >
          By version (CSV)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
