import { Alert, Grid, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Link2Off } from 'lucide-react';

import { isApiError } from '@/api/errors';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { Facts } from '@/shared/Facts';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { Money } from '@/shared/Money';
import { formatDuration } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Panel } from '@/shared/Panel';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';
import { usePageTitle } from '@/shared/usePageTitle';

import { RunOutputs } from './outputs/RunOutputs';
import { LogLines } from './page/LogLines';
import { linesOf } from './page/linesOf';
import { ENDINGS } from './page/words';
import { type SharedRun, sharedRunQuery } from './share';
import { isOver } from './types';

const LIVE_MS = 3_000;

export function SharedRunPage() {
  const { token } = useParams({ from: '/shared/$token' });
  const run = useQuery({
    ...sharedRunQuery(token),
    refetchInterval: ({ state }) => (state.data && !isOver(state.data.status) ? LIVE_MS : false),
  });
  if (isApiError(run.error) && run.error.status === 404) return <Gone />;
  if (run.data) return <Shared run={run.data} />;
  return (
    <Page>
      <PageHeader title="Shared run" />
      {run.error ? <ErrorState error={run.error} onRetry={() => void run.refetch()} /> : <Skeleton h={320} radius="lg" aria-busy="true" />}
    </Page>
  );
}

/** The two streams are kept apart, so how they were mixed is not known. */
function logNote(run: SharedRun): string | undefined {
  const notes = [
    ...(run.stdout && run.stderr ? ['Standard output comes first, then what was logged.'] : []),
    ...(run.logs_truncated ? ['More was printed than is shown here.'] : []),
  ];
  return notes.length > 0 ? notes.join(' ') : undefined;
}

function Gone() {
  usePageTitle('Shared run');
  return (
    <Page>
      <EmptyState order={1} icon={Link2Off} title="This link does not work" action={<ButtonLink to="/explore">Explore agents</ButtonLink>}>
        It has run out, was taken back, or is not whole. Ask whoever sent it for a new one.
      </EmptyState>
    </Page>
  );
}

function Shared({ run }: { run: SharedRun }) {
  const lines = linesOf(run.stdout ?? '', run.stderr ?? '');
  return (
    <Page>
      <PageHeader
        title={run.agent_name}
        tabTitle={`Shared run of ${run.agent_name}`}
        actions={
          <>
            <StatusBadge status={run.status} size="lg" />
            <ButtonLink to="/a/$slug" params={{ slug: run.agent_slug }}>
              Try this agent
            </ButtonLink>
          </>
        }
      >
        Somebody shared this run with you. The link works until <Time at={run.expires_at} as="absolute" />.
      </PageHeader>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="lg">
            {run.failure_reason && (
              <Alert color="red" title={ENDINGS[run.failure_reason].title}>
                <Text size="sm">{run.error_message}</Text>
              </Alert>
            )}
            <RunOutputs run={run} />
            {lines.length > 0 && (
              <Panel title="Log" description={logNote(run)}>
                <LogLines lines={lines} count={lines.length} hasTimes={false} isLive={false} />
              </Panel>
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Panel title="Details">
            <Facts
              facts={[
                ['Agent', <AnchorLink key="agent" to="/a/$slug" params={{ slug: run.agent_slug }} size="sm">{run.agent_name}</AnchorLink>],
                ['Version', run.version],
                ['Started', run.started_at && <Time key="start" at={run.started_at} as="absolute" />],
                ['Ended', run.completed_at && <Time key="end" at={run.completed_at} as="absolute" />],
                ['Took', run.duration_ms !== null && formatDuration(run.duration_ms)],
                ['Cost', run.cost_amount !== null && run.cost_currency !== null ? <Money key="cost" amount={run.cost_amount} currency={run.cost_currency} /> : isOver(run.status) && 'Nothing'],
              ]}
            />
          </Panel>
        </Grid.Col>
      </Grid>
    </Page>
  );
}
