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
  // Those of a run that goes on are as old as the page's last look at it; the graph is newer.
  const used = isOver(run.status) ? run.resources : undefined;
  if (!used && samples.length === 0) {
    if (isOver(run.status) || run.status === 'queued') return null;
    return (
      <Panel title="Resources">
        <Text size="sm" c="dimmed">
          Figures appear once it has run for a second.
        </Text>
      </Panel>
    );
  }
  const cpu = used ? cpuOf(used) : null;
  const facts: Fact[] = used
    ? [
        ['Run time', formatDuration(used.wall_ms)],
        ['Processor time', cpu === null ? null : formatDuration(cpu)],
        ['Throttled for', used.throttled_ms ? formatDuration(used.throttled_ms) : null],
        ['Peak memory', used.peak_memory_bytes === null ? null : formatBytes(used.peak_memory_bytes)],
        ['Most processes', used.peak_pids],
        ['Written to disk', used.bytes_written === undefined ? null : formatBytes(used.bytes_written)],
        ['Start-up', `${used.startup_ms} ms`],
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
