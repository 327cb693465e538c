import { Box, Skeleton, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';

import { type Fact, Facts } from '@/shared/Facts';
import { formatBytes, formatDuration } from '@/shared/numbers';
import { Panel } from '@/shared/Panel';

import { cpuOf, type RunLive } from '../follow/runLive';
import { useLive } from '../follow/useRunLive';
import { type Execution, isOver } from '../types';

const Chart = lazy(() => import('./ResourceChart'));

interface Props {
  run: Execution;
  live: RunLive;
}

/** What a run uses: a graph while it runs for longer than a moment, figures of all of it. */
export function RunResources({ run, live }: Props) {
  const samples = useLive(live, 'samples');
  const used = run.resources;
  if (!used && samples.length === 0) {
    if (isOver(run.status) || run.status === 'queued') return null;
    return (
      <Panel title="Resources">
        <Text size="sm" c="dimmed">
          Figures come from the second second on.
        </Text>
      </Panel>
    );
  }
  const cpu = used ? cpuOf(used) : null;
  const facts: Fact[] = used
    ? [
        ['Ran for', formatDuration(used.wall_ms)],
        ['Processor time', cpu === null ? null : formatDuration(cpu)],
        ['Held back', used.throttled_ms ? formatDuration(used.throttled_ms) : null],
        ['Most memory', used.peak_memory_bytes === null ? null : formatBytes(used.peak_memory_bytes)],
        ['Processes at once', used.peak_pids],
        ['Written', used.bytes_written === undefined ? null : formatBytes(used.bytes_written)],
        ['Start', `${used.startup_ms} ms`],
      ]
    : [];
  return (
    <Panel title="Resources">
      {samples.length > 1 && (
        <Box mb="sm">
          <Suspense fallback={<Skeleton h={150} />}>
            <Chart samples={samples} />
          </Suspense>
        </Box>
      )}
      <Facts facts={facts} />
    </Panel>
  );
}
