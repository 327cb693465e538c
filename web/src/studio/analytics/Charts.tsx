/** The drawings of the analytics pages: loaded when there is something to draw. */
// eslint-disable-next-line no-restricted-imports -- this file is behind lazy()
import { AreaChart, BarChart, LineChart } from '@mantine/charts';
import '@mantine/charts/styles.layer.css';

import { formatMoney } from '@/shared/money';
import { formatCount, formatDuration, formatShare } from '@/shared/numbers';

import { CURRENCY } from '../types';
import { type DayRow, dayWords } from './sums';

export type Drawing = 'runs' | 'revenue' | 'success' | 'duration';

const COMMON = { h: 220, dataKey: 'day', withDots: false, curveType: 'monotone', gridAxis: 'x', tickLine: 'none' } as const;
const AXIS = { minTickGap: 28, interval: 'preserveStartEnd' } as const;

export default function Charts({ drawing, days }: { drawing: Drawing; days: DayRow[] }) {
  const said = days.map((day) => ({ ...day, day: dayWords(day.day) }));
  switch (drawing) {
    case 'runs':
      return (
        <BarChart
          {...COMMON}
          data={said}
          series={[{ name: 'executions', label: 'Runs', color: 'brand.5' }]}
          valueFormatter={formatCount}
          xAxisProps={AXIS}
          yAxisProps={{ allowDecimals: false, width: 44 }}
        />
      );
    case 'revenue':
      return (
        <AreaChart
          {...COMMON}
          data={said}
          series={[{ name: 'revenue', label: 'Revenue', color: 'brand.5' }]}
          valueFormatter={(value) => formatMoney(value, CURRENCY, { short: true })}
          xAxisProps={AXIS}
          yAxisProps={{ width: 64 }}
        />
      );
    case 'success':
      return (
        <LineChart
          {...COMMON}
          data={said}
          connectNulls
          withDots
          series={[{ name: 'success_rate', label: 'Success rate', color: 'brand.5' }]}
          valueFormatter={formatShare}
          xAxisProps={AXIS}
          yAxisProps={{ domain: [0, 1], width: 52 }}
        />
      );
    default:
      return (
        <LineChart
          {...COMMON}
          data={said}
          connectNulls
          withDots
          withLegend
          series={[
            ...(days.some((day) => day.p50_duration_ms !== undefined)
              ? [{ name: 'p50_duration_ms', label: 'Middle run (p50)', color: 'brand.5' }]
              : []),
            { name: 'p95_duration_ms', label: '95 of 100 runs (p95)', color: 'orange.5' },
          ]}
          valueFormatter={formatDuration}
          xAxisProps={AXIS}
          yAxisProps={{ width: 60 }}
        />
      );
  }
}
