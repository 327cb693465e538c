import { Text, Timeline } from '@mantine/core';
import { Check, CircleDot, RotateCw, Unplug } from 'lucide-react';

import { sentence } from '@/api/errors';
import { formatDuration } from '@/shared/numbers';
import { Panel } from '@/shared/Panel';
import { Time } from '@/shared/Time';

import type { Execution, ExecutionAttempt } from '../types';

const OUTCOMES = {
  ended: { icon: Check, word: 'ended with a result' },
  requeued: { icon: RotateCw, word: 'went back to the queue' },
  lost: { icon: Unplug, word: 'lost with its worker' },
} as const;

/** Every try of a run that took more than one. */
export function RunAttempts({ run }: { run: Execution }) {
  const attempts = run.attempts ?? [];
  if (attempts.length < 2) return null;
  return (
    <Panel title="Attempts" description="A run whose worker fails is tried again. You pay once, for the one that succeeds.">
      <Timeline bulletSize={22} lineWidth={2} active={attempts.length}>
        {attempts.map((attempt) => (
          <Attempt key={attempt.attempt} attempt={attempt} />
        ))}
      </Timeline>
    </Panel>
  );
}

function Attempt({ attempt }: { attempt: ExecutionAttempt }) {
  const outcome = attempt.outcome ? OUTCOMES[attempt.outcome] : { icon: CircleDot, word: 'goes on' };
  const took = attempt.ended_at ? Date.parse(attempt.ended_at) - Date.parse(attempt.started_at) : null;
  return (
    <Timeline.Item
      bullet={<outcome.icon size={12} aria-hidden />}
      title={`Attempt ${attempt.attempt} ${outcome.word}`}
    >
      <Text size="xs" c="dimmed">
        <Time at={attempt.started_at} as="clock" />
        {took !== null && `, ${formatDuration(took)}`}
      </Text>
      {attempt.reason && <Text size="sm">{sentence(attempt.reason)}</Text>}
    </Timeline.Item>
  );
}
