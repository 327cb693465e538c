import { Badge, Grid, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Radio } from 'lucide-react';

import { ErrorState } from '@/shared/ErrorState';
import { formatCount, formatDuration, plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';
import { Stat } from '@/studio/Stat';

import { overviewQuery } from './queries';
import { Failures, Queue, Runs, Workers } from './overview/parts';
import type { Overview } from './types';

/** Until when a decision is promised. */
const REVIEW_WITHIN_S = 24 * 3600;

/** How the installation is doing, now. */
export function ConsoleOverviewPage() {
  const { data, error, refetch, dataUpdatedAt } = useQuery(overviewQuery());
  return (
    <Page>
      <PageHeader
        title="Overview"
        actions={
          data && (
            <Badge color={error ? 'red' : 'green'} size="lg" leftSection={<Radio size={12} aria-hidden />}>
              {error ? (
                <>
                  As of <Time at={dataUpdatedAt} />
                </>
              ) : (
                'Live'
              )}
            </Badge>
          )
        }
      >
        Refreshed every five seconds.
      </PageHeader>
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Body overview={data} />}
    </Page>
  );
}

function Body({ overview }: { overview: Overview | undefined }) {
  const oldest = overview?.oldest_review_seconds;
  const isLate = typeof oldest === 'number' && oldest > REVIEW_WITHIN_S;
  const failed = overview && (overview.runs.failed ?? 0) + (overview.runs.timeout ?? 0);
  const all = overview && Object.values(overview.runs).reduce((sum, count) => sum + count, 0);
  return (
    <Stack gap="lg" aria-busy={!overview}>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="md">
        <Stat
          label="Waiting for review"
          to="/console/reviews"
          value={overview && formatCount(overview.pending_reviews)}
          tone={isLate ? 'red' : undefined}
          note={
            overview &&
            (typeof oldest === 'number' ? (
              <Text span size="xs" c={isLate ? 'red' : undefined}>
                oldest waits {formatDuration(oldest * 1000)} (24 h promised)
              </Text>
            ) : (
              'nothing waits'
            ))
          }
        />
        <Stat
          label="Runs in the queue"
          value={overview && formatCount(overview.queued)}
          note={overview && `${formatCount(overview.running)} running, ${formatCount(overview.settling)} settling`}
        />
        <Stat
          label="Worker slots busy"
          value={overview && `${formatCount(overview.slots.busy)} of ${formatCount(overview.slots.total)}`}
          tone={overview && overview.slots.total === 0 ? 'red' : undefined}
          note={overview && plural(overview.workers.filter((worker) => worker.state === 'live').length, 'live worker')}
        />
        <Stat
          label="Failed, 24 hours"
          value={failed !== undefined ? formatCount(failed) : undefined}
          tone={failed ? 'orange' : undefined}
          note={all !== undefined && `of ${plural(all, 'run')}`}
        />
      </SimpleGrid>
      {overview && (
        <>
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Queue overview={overview} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Runs overview={overview} />
            </Grid.Col>
          </Grid>
          <Failures overview={overview} />
          <Workers workers={overview.workers} />
          {overview.sealed.waiting > 0 && (
            <Group>
              <Text size="sm">
                {plural(overview.sealed.waiting, 'successful run')} wait for their payment
                {overview.sealed.oldest_ms !== null && `, the oldest for ${formatDuration(overview.sealed.oldest_ms ?? 0)}`}.
              </Text>
            </Group>
          )}
        </>
      )}
    </Stack>
  );
}
