import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';

import { type Fact, Facts } from '@/shared/Facts';
import { IdText } from '@/shared/IdText';
import { formatDuration } from '@/shared/numbers';
import { Panel } from '@/shared/Panel';
import { Time } from '@/shared/Time';

import type { Execution } from '../types';

export function RunFacts({ run }: { run: Execution }) {
  const facts: Fact[] = [
    ['Run', <IdText key="id" id={run.id} label="the run's id" />],
    [
      'Agent',
      run.agent_slug ? (
        <Anchor key="agent" component={Link} to={`/a/${run.agent_slug}`} size="sm">
          {run.agent_name}
        </Anchor>
      ) : (
        run.agent_name
      ),
    ],
    ['Version', run.version],
    ['Started', run.started_at && <Time key="at" at={run.started_at} as="absolute" />],
    ['Created', !run.started_at && <Time key="at" at={run.created_at} as="absolute" />],
    ['Ended', run.completed_at && <Time key="end" at={run.completed_at} as="absolute" />],
    ['Waited in queue', run.started_at && formatDuration(Math.max(0, Date.parse(run.started_at) - Date.parse(run.created_at)))],
    ['Total time', run.duration_ms !== undefined && formatDuration(run.duration_ms)],
    ['Isolation', run.isolation && <span key="isolation" title={run.isolation}>{isolationWords(run.isolation)}</span>],
  ];
  return (
    <Panel title="Details">
      <Facts facts={facts} />
    </Panel>
  );
}

/** `linux:userns+seccomp+landlock+cgroup1` in short. */
function isolationWords(isolation: string): string {
  const [kind, parts = ''] = isolation.split(':');
  return kind === 'linux' ? `Linux sandbox, ${parts.split('+').length} layers` : isolation;
}
