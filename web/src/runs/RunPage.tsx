import { Grid, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';

import { isApiError } from '@/api/errors';
import { NotFound } from '@/app/NotFound';
import { ErrorState } from '@/shared/ErrorState';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { useLive, useRunLive } from './follow/useRunLive';
import { LogPanel } from './page/LogPanel';
import { RunAttempts } from './page/RunAttempts';
import { RunFacts } from './page/RunFacts';
import { RunHeader } from './page/RunHeader';
import { RunInputs } from './page/RunInputs';
import { RunMoney } from './page/RunMoney';
import { RunResources } from './page/RunResources';
import { RunState } from './page/RunState';
import { RunOutputs } from './outputs/RunOutputs';
import { runQuery } from './queries';
import { isOver } from './types';

export function RunPage() {
  const { id } = useParams({ from: '/runs/$id' });
  return <Run key={id} id={id} />;
}

const QUEUED_EVERY_MS = 5_000;

/** One run: what it does while it goes on, and what became of it. */
function Run({ id }: { id: string }) {
  const live = useRunLive(id);
  const connection = useLive(live, 'connection');
  const run = useQuery({
    ...runQuery(id),
    // The stream tells of every change but two: the place in the queue, and what happens while it is broken.
    refetchInterval: ({ state }) => {
      const now = state.data;
      if (!now || isOver(now.status)) return false;
      return now.status === 'queued' || connection !== 'open' ? QUEUED_EVERY_MS : false;
    },
  });
  if (isApiError(run.error, 'NOT_FOUND')) return <NotFound />;
  if (!run.data) {
    return (
      <Page>
        <PageHeader title="Run" />
        {run.error ? <ErrorState error={run.error} onRetry={() => void run.refetch()} /> : <Placeholder />}
      </Page>
    );
  }
  const data = run.data;
  return (
    <Page>
      <RunHeader run={data} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="lg">
            <RunState run={data} live={live} />
            <RunOutputs run={data} />
            <LogPanel run={data} live={live} />
            <RunInputs run={data} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="lg">
            <RunFacts run={data} />
            <RunMoney run={data} live={live} />
            <RunResources run={data} live={live} />
            <RunAttempts run={data} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Placeholder() {
  return (
    <Grid gap="lg" aria-busy="true">
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Stack gap="lg">
          <Skeleton h={76} radius="lg" />
          <Skeleton h={260} radius="lg" />
          <Skeleton h={260} radius="lg" />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Stack gap="lg">
          <Skeleton h={250} radius="lg" />
          <Skeleton h={200} radius="lg" />
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
