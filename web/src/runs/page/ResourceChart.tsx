import '@mantine/charts/styles.layer.css';

import { AreaChart } from '@mantine/charts';
import { Stack, Text } from '@mantine/core';

import { formatBytes, formatDuration } from '@/shared/numbers';

import type { Sample } from '../follow/runLive';

/** Processor and memory over the time of an attempt. */
export default function ResourceChart({ samples }: { samples: readonly Sample[] }) {
  const data = samples.map(({ at, cpu, memory }) => ({ at: formatDuration(at), cpu, memory }));
  const last = samples.at(-1);
  return (
    <Stack gap={4}>
      <Graph data={data} name="cpu" label="Processor" unit={(value) => `${Math.round(value)}%`} color="brand.6" now={last?.cpu} />
      <Graph data={data} name="memory" label="Most memory so far" unit={formatBytes} color="blue.6" now={last?.memory} />
    </Stack>
  );
}

interface GraphProps {
  data: Record<string, unknown>[];
  name: string;
  label: string;
  color: string;
  unit: (value: number) => string;
  now: number | null | undefined;
}

function Graph({ data, name, label, color, unit, now }: GraphProps) {
  if (now === null || now === undefined) return null;
  return (
    <figure style={{ margin: 0 }} aria-label={`${label}: ${unit(now)} now`}>
      <Text size="xs" c="dimmed" component="figcaption">
        {label}: <b className="tabular">{unit(now)}</b>
      </Text>
      <AreaChart
        h={56}
        data={data}
        dataKey="at"
        series={[{ name, label, color }]}
        curveType="monotone"
        withXAxis={false}
        withYAxis={false}
        gridAxis="none"
        withDots={false}
        valueFormatter={unit}
        areaChartProps={{ margin: { top: 4, bottom: 2, left: 0, right: 0 } }}
        areaProps={{ isAnimationActive: false }}
        aria-hidden
      />
    </figure>
  );
}
