import '@mantine/charts/styles.layer.css';

// eslint-disable-next-line no-restricted-imports
import { Sparkline } from '@mantine/charts';
import { Stack, Text } from '@mantine/core';

import { formatBytes } from '@/shared/numbers';

import type { Sample } from '../follow/runLive';

/** Processor and memory over the time of an attempt. */
export default function ResourceChart({ samples }: { samples: readonly Sample[] }) {
  return (
    <Stack gap={8}>
      <Graph data={samples.map(({ cpu }) => cpu)} label="Processor" unit={(value) => `${Math.round(value)}%`} color="brand.6" hasPeak />
      <Graph data={samples.map(({ memory }) => memory)} label="Peak memory" unit={formatBytes} color="blue.6" />
    </Stack>
  );
}

interface GraphProps {
  data: (number | null)[];
  label: string;
  color: string;
  unit: (value: number) => string;
  /** Whether the last value is not the highest anyway. */
  hasPeak?: boolean;
}

function Graph({ data, label, color, unit, hasPeak = false }: GraphProps) {
  const known = data.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return null;
  return (
    <figure style={{ margin: 0 }}>
      <Text size="xs" c="dimmed" component="figcaption">
        {label}: <b className="tabular">{unit(last)}</b>
        {hasPeak && <span className="tabular">, highest {unit(Math.max(...known))}</span>}
      </Text>
      {/* A picture: the figures are in the caption, and there is nothing to reach by keyboard. */}
      <div inert>
        <Sparkline
          h={48}
          data={known}
          color={color}
          curveType="monotone"
          strokeWidth={1.5}
          fillOpacity={0.3}
          areaProps={{ isAnimationActive: false }}
        />
      </div>
    </figure>
  );
}
