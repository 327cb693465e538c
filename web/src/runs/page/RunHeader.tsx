import { Anchor, Breadcrumbs, Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Ban, RotateCw } from 'lucide-react';
import { useState } from 'react';

import { confirmAsk } from '@/shared/confirm';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';

import { RunAgain } from '../again/RunAgain';
import { runCancel } from '../queries';
import { type Execution, isOver } from '../types';
import { ShareButton } from './ShareButton';

export function RunHeader({ run }: { run: Execution }) {
  const [isAgain, setAgain] = useState(false);
  const name = run.agent_name ?? 'Run';
  return (
    <>
      <Breadcrumbs mb={6} fz="sm" separatorMargin={6} component="nav" aria-label="Breadcrumb">
        <Anchor component={Link} to="/runs" fz="sm">
          Runs
        </Anchor>
        <Text size="sm" c="dimmed" className="tabular">
          …{run.id.slice(-8)}
        </Text>
      </Breadcrumbs>
      <PageHeader
        title={name}
        tabTitle={`${WORDS[run.status] ?? run.status}: ${name}`}
        actions={
          <>
            <StatusBadge status={run.status} size="lg" />
            <CancelButton run={run} />
            {isOver(run.status) && <ShareButton run={run} />}
            {run.deployment_id !== undefined && run.agent_slug !== undefined && (
              <Button leftSection={<RotateCw size={15} aria-hidden />} onClick={() => setAgain(true)} variant={isOver(run.status) ? undefined : 'default'}>
                Run again
              </Button>
            )}
          </>
        }
      />
      {isAgain && <RunAgain run={run} onClose={() => setAgain(false)} />}
      <Group className="visually-hidden" role="status">
        {WORDS[run.status] ?? run.status}
      </Group>
    </>
  );
}

const WORDS: Record<string, string> = {
  queued: 'Queued', running: 'Running', settling: 'Settling', success: 'Succeeded', failed: 'Failed', timeout: 'Timed out',
  cancelled: 'Cancelled',
};

function CancelButton({ run }: { run: Execution }) {
  const cancel = useMutation({
    mutationFn: () => runCancel(run.id),
    onSuccess: () => notifyDone('The run is being cancelled.'),
    onError: (error) => notifyFailed(error, 'The run was not cancelled'),
  });
  // A result that is sealed is paid for; it is too late then.
  if (run.status !== 'queued' && run.status !== 'running') return null;
  const ask = async () => {
    const sure = await confirmAsk({
      title: 'Cancel this run?',
      children: 'The agent is stopped and its result is lost. Nothing is charged.',
      confirm: 'Cancel the run',
      danger: true,
    });
    if (sure) cancel.mutate();
  };
  return (
    <Button variant="default" loading={cancel.isPending} onClick={() => void ask()} leftSection={<Ban size={15} aria-hidden />}>
      Cancel
    </Button>
  );
}
