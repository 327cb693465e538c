import { Center, Paper, Skeleton, Text, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';

import type { Drawing } from './Charts';
import type { DayRow } from './sums';

const Charts = lazy(() => import('./Charts'));

interface Props {
  title: string;
  drawing: Drawing;
  /** Undefined while they are on their way. */
  days: DayRow[] | undefined;
  /** What the chart says, in a sentence. */
  says: string;
}

/** One figure by day. */
export function ChartCard({ title, drawing, days, says }: Props) {
  const isEmpty = days?.every((day) => day.executions === 0);
  return (
    <Paper p="md" component="section" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text size="xs" c="dimmed" mb="sm">
        {says}
      </Text>
      {!days ? (
        <Skeleton h={220} />
      ) : isEmpty ? (
        <Center h={220}>
          <Text size="sm" c="dimmed">
            No runs on these days
          </Text>
        </Center>
      ) : (
        <Suspense fallback={<Skeleton h={220} />}>
          <div role="img" aria-label={`${title} by day. ${says} The table below has the same figures.`}>
            <Charts drawing={drawing} days={days} />
          </div>
        </Suspense>
      )}
    </Paper>
  );
}
