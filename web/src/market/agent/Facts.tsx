import { Text } from '@mantine/core';

import { formatCount, formatDuration, formatShare } from '@/shared/numbers';
import { Time } from '@/shared/Time';

import type { AgentPageData } from '../types';
import { FactList } from './FactList';

/** Figures from real runs. Before the first run there are none, and none are shown. */
export function Facts({ agent }: { agent: AgentPageData }) {
  const { recent } = agent;
  const hasRun = agent.total_executions > 0;
  return (
    <>
      {!hasRun && (
        <Text size="sm" c="dimmed" mb="xs">
          Nobody has run it yet. Success and speed are shown after the first run.
        </Text>
      )}
      <FactList
        facts={[
          ...(hasRun
            ? [
                { label: 'Runs', value: formatCount(agent.total_executions) },
                { label: 'Succeeded', value: formatShare(agent.success_rate) },
                { label: 'Average run', value: formatDuration(agent.avg_duration_ms) },
              ]
            : []),
          ...(recent && recent.executions > 0
            ? [
                { label: 'Runs, 30 days', value: formatCount(recent.executions) },
                ...(recent.success_rate === null ? [] : [{ label: 'Succeeded, 30 days', value: formatShare(recent.success_rate) }]),
                ...(recent.p50_duration_ms === null
                  ? []
                  : [{ label: 'Half finish within', value: formatDuration(recent.p50_duration_ms) }]),
                ...(recent.p95_duration_ms === null
                  ? []
                  : [{ label: '95% finish within', value: formatDuration(recent.p95_duration_ms) }]),
              ]
            : []),
          { label: 'Published', value: <Time at={agent.created_at} as="day" /> },
        ]}
      />
    </>
  );
}
