import { Alert, Breadcrumbs, Group, Paper, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { EyeOff, Hourglass } from 'lucide-react';

import { CodeBlock } from '@/shared/CodeBlock';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { formatBytes } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';

import { runLogsQuery } from '../queries';
import { Stat } from '../Stat';
import type { DeveloperLogs } from '../types';
import { reasonWords } from './reasons';

const route = getRouteApi('/studio/runs/$run');
const LIVE = new Set(['queued', 'running', 'settling']);

/** What one run printed. */
export function StudioRunPage() {
  const { run } = route.useParams();
  const { data, error, refetch } = useQuery({
    ...runLogsQuery(run),
    refetchInterval: ({ state }) => (state.data && LIVE.has(state.data.status) ? 3_000 : false),
  });
  return (
    <Page>
      <Breadcrumbs mb="xs" fz="sm">
        <AnchorLink to="/studio/runs" size="sm">
          Runs
        </AnchorLink>
      </Breadcrumbs>
      <PageHeader title="Logs of a run" tabTitle={`Logs of ${run}`}>
        <Group gap="xs" component="span">
          {data && <StatusBadge status={data.status} />}
          <Text span ff="monospace" size="sm" style={{ overflowWrap: 'anywhere' }}>
            {run}
          </Text>
        </Group>
      </PageHeader>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Stack aria-busy>
          <Skeleton h={80} radius="lg" />
          <Skeleton h={260} radius="lg" />
        </Stack>
      ) : (
        <Stack gap="lg">
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
            <Stat label="Version" value={data.version} />
            <Stat label="Exit code" value={data.exit_code ?? '–'} />
            <Stat label="Standard output" value={formatBytes(data.stdout_bytes)} />
            <Stat label="Standard error" value={formatBytes(data.stderr_bytes)} />
          </SimpleGrid>
          {data.failure_reason && (
            <Alert color="red" title={reasonWords(data.failure_reason)}>
              {data.error_message ?? 'It said nothing.'}
            </Alert>
          )}
          <Printed logs={data} />
        </Stack>
      )}
    </Page>
  );
}

function Printed({ logs }: { logs: DeveloperLogs }) {
  if (LIVE.has(logs.status)) {
    return (
      <Alert icon={<Hourglass size={18} aria-hidden />} title="It has not ended yet">
        Logs are shown when it has; this page looks for itself.
      </Alert>
    );
  }
  if (logs.withheld) {
    return (
      <Alert icon={<EyeOff size={18} aria-hidden />} title="Not shown">
        What its user put in is too large to clear the logs of it.
      </Alert>
    );
  }
  return (
    <>
      {(['stdout', 'stderr'] as const).map((stream) => (
        <Paper key={stream} p="md" component="section" aria-labelledby={stream}>
          <Title order={2} size="h4" id={stream} mb="sm">
            {stream === 'stdout' ? 'Standard output' : 'Standard error and ctx.log'}
          </Title>
          {logs[stream] === '' ? (
            <Text size="sm" c="dimmed">
              Nothing was printed here.
            </Text>
          ) : (
            <CodeBlock code={logs[stream]} label={stream} lineNumbers maxHeight={480} />
          )}
        </Paper>
      ))}
      {logs.truncated && (
        <Text size="sm" c="dimmed">
          It printed more than is kept; the first part of each is shown.
        </Text>
      )}
    </>
  );
}
