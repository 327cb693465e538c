import { Alert, Anchor, Group, Paper, Progress, Stack, Stepper, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CircleAlert, WifiOff } from 'lucide-react';

import { sentence } from '@/api/errors';
import { formatDuration, formatShare, plural } from '@/shared/numbers';

import type { RunLive } from '../follow/runLive';
import { useLive } from '../follow/useRunLive';
import type { Execution } from '../types';
import { Elapsed } from './Elapsed';
import { ENDINGS, OTHER_ENDING, WAITING } from './words';

interface Props {
  run: Execution;
  live: RunLive;
}

/** What is going on, or why it did not go well. A success speaks by its outputs. */
export function RunState({ run, live }: Props) {
  const isLost = useLive(live, 'connection') === 'waiting';
  switch (run.status) {
    case 'queued':
      return <Going isLost={isLost} title="In the queue" text={queueWords(run)} />;
    case 'running':
      return <Running run={run} live={live} isLost={isLost} />;
    case 'settling':
      return <Settling run={run} />;
    case 'success':
      return null;
    default:
      return <Ended run={run} />;
  }
}

function queueWords(run: Execution): string {
  const parts: string[] = [];
  if (run.waiting_for) parts.push(WAITING[run.waiting_for]);
  if (run.queue_position !== undefined) {
    parts.push(run.queue_position === 0 ? 'It is the next one.' : `${plural(run.queue_position, 'run')} ${run.queue_position === 1 ? 'is' : 'are'} before it.`);
  }
  if (run.estimated_start_ms !== undefined) parts.push(`It should start in about ${formatDuration(run.estimated_start_ms)}.`);
  return parts.join(' ') || 'It starts as soon as a worker is free.';
}

interface GoingProps {
  title: string;
  text: string;
  isLost: boolean;
  fraction?: number;
  aside?: React.ReactNode;
}

function Going({ title, text, isLost, fraction, aside }: GoingProps) {
  return (
    <Paper p="md">
      <Group justify="space-between" mb={8} wrap="nowrap" align="flex-start">
        <div>
          <Text fw={600}>{title}</Text>
          <Text size="sm" c="dimmed">
            {text}
          </Text>
        </div>
        <Text size="sm" c="dimmed" className="tabular" style={{ whiteSpace: 'nowrap' }}>
          {aside}
        </Text>
      </Group>
      <Progress
        value={fraction === undefined ? 100 : Math.max(2, fraction * 100)}
        animated={fraction === undefined || fraction < 1}
        striped={fraction === undefined}
        aria-label={fraction === undefined ? title : 'Progress'}
        aria-valuetext={fraction === undefined ? title : undefined}
      />
      {isLost && (
        <Group gap={6} mt={8} role="status">
          <WifiOff size={14} aria-hidden />
          <Text size="xs">The connection is lost. The run goes on; this page catches up by itself.</Text>
        </Group>
      )}
    </Paper>
  );
}

function Running({ run, live, isLost }: Props & { isLost: boolean }) {
  const progress = useLive(live, 'progress') ?? run.progress ?? null;
  return (
    <Going
      title="Running"
      text={progress?.message ? sentence(progress.message) : 'Its log appears below as it comes.'}
      fraction={progress?.fraction}
      isLost={isLost}
      aside={
        <>
          {progress && `${formatShare(progress.fraction)} · `}
          {run.started_at && <Elapsed since={run.started_at} />}
        </>
      }
    />
  );
}

const STEPS = ['sealed', 'charged', 'credited', 'published'];

function Settling({ run }: { run: Execution }) {
  const done = run.settlement ? STEPS.indexOf(run.settlement) + 1 : 0;
  return (
    <Paper p="md" role="status">
      <Stack gap="md">
        <div>
          <Text fw={600}>The agent is done; its result is sealed</Text>
          <Text size="sm" c="dimmed">
            A sealed result is shown to nobody until the payment is through: you get both, or neither. This usually takes less
            than a second; while the payment service does not answer, FrameOS keeps trying.
          </Text>
        </div>
        <Stepper active={done} size="xs" allowNextStepsSelect={false}>
          <Stepper.Step label="Sealed" />
          <Stepper.Step label="Paid" />
          <Stepper.Step label="Booked" />
          <Stepper.Step label="Opened" />
        </Stepper>
      </Stack>
    </Paper>
  );
}

function Ended({ run }: { run: Execution }) {
  const { title, text } = run.failure_reason ? ENDINGS[run.failure_reason] : OTHER_ENDING;
  const isQuiet = run.status === 'cancelled';
  return (
    <Alert
      color={isQuiet ? 'gray' : run.status === 'timeout' ? 'orange' : 'red'}
      radius="lg"
      icon={<CircleAlert size={20} aria-hidden />}
      title={title}
    >
      <Stack gap={6}>
        <Text size="sm">
          {text} {run.payment === null && 'Nothing was charged.'}
        </Text>
        {run.error_message && !isQuiet && (
          <Text size="sm" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
            {run.error_message}
            {run.exit_code !== undefined && run.exit_code !== 0 && ` (exit code ${run.exit_code})`}
          </Text>
        )}
        {run.failure_reason === 'payment_declined' && (
          <Anchor component={Link} to="/dashboard/wallet" size="sm">
            Look at your wallet
          </Anchor>
        )}
      </Stack>
    </Alert>
  );
}
