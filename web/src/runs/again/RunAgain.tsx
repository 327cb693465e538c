import { Alert, Anchor, Button, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useMemo } from 'react';

import { isApiError } from '@/api/errors';
import type { Schemas } from '@/api/types';
import { agentQuery } from '@/market/queries';
import { priceShort } from '@/market/price';
import { ErrorState } from '@/shared/ErrorState';
import { fieldsOf, SchemaFields, useSchemaForm } from '@/shared/schema';

import { deploymentQuery } from '../queries';
import type { Execution } from '../types';
import { useRunStart } from './useRunStart';

interface Props {
  run: Execution;
  onClose: () => void;
}

/** The same again, with the inputs to change. Secrets that are not the deployment's have to be given anew. */
export function RunAgain({ run, onClose }: Props) {
  const deployment = useQuery(deploymentQuery(run.deployment_id ?? ''));
  const agent = useQuery(agentQuery(run.agent_slug ?? ''));
  const error = deployment.error ?? agent.error;
  return (
    <Modal opened onClose={onClose} title={`Run ${run.agent_name ?? 'the agent'} again`} size="lg">
      {error ? (
        <Gone run={run} error={error} />
      ) : deployment.data && agent.data ? (
        <Form run={run} deployment={deployment.data} agent={agent.data} onClose={onClose} />
      ) : (
        <Stack aria-busy="true">
          <Skeleton h={60} />
          <Skeleton h={60} />
          <Skeleton h={60} />
        </Stack>
      )}
    </Modal>
  );
}

function Gone({ run, error }: { run: Execution; error: unknown }) {
  if (!isApiError(error, 'NOT_FOUND')) return <ErrorState error={error} />;
  return (
    <Alert color="yellow" title="Its deployment is gone">
      <Text size="sm">
        The deployment of this run was deleted, or its agent has left the market.{' '}
        {run.agent_slug && (
          <Anchor component={Link} to={`/a/${run.agent_slug}`} size="sm">
            Deploy it anew from its page
          </Anchor>
        )}
      </Text>
    </Alert>
  );
}

interface FormProps {
  run: Execution;
  deployment: Schemas['Deployment'];
  agent: Schemas['AgentDetail'];
  onClose: () => void;
}

function Form({ run, deployment, agent, onClose }: FormProps) {
  const fields = useMemo(() => fieldsOf(agent.manifest, 'inputs'), [agent.manifest]);
  const form = useSchemaForm(fields, { initial: run.inputs as Record<string, unknown>, kept: deployment.secrets_set });
  const navigate = useNavigate();
  const start = useRunStart({
    agent: agent.slug,
    currency: agent.price_currency,
    onStarted: (id) => {
      onClose();
      void navigate({ to: '/runs/$id', params: { id } });
    },
  });
  const send = async () => {
    const inputs = form.read();
    if (!inputs) return;
    const error = await start.run({ deployment_id: deployment.id, inputs });
    if (error) form.refuse(error);
  };
  const isOther = deployment.version !== agent.current_version;
  const problem = deployment.status === 'paused' ? 'paused' : deployment.version_status === 'yanked' ? 'yanked' : null;
  const shownError = start.error && !(isApiError(start.error) && start.error.fields.length > 0) ? start.error : null;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Stack>
        {problem && <Problem kind={problem} message={deployment.version_message} />}
        {isOther && !problem && (
          <Text size="sm" c="dimmed">
            It runs in version {deployment.version}; the form is that of {agent.current_version}, the current one.
          </Text>
        )}
        {fields.length === 0 && <Text size="sm">This agent takes no inputs.</Text>}
        <SchemaFields fields={fields} form={form} kept={deployment.secrets_set} disabled={start.isPending} />
        {shownError && <ErrorState error={shownError} title="The run was not started" />}
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {priceShort(agent)}, only if it succeeds
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button type="submit" loading={start.isPending} disabled={problem !== null} leftSection={<Play size={15} aria-hidden />}>
              Run
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

function Problem({ kind, message }: { kind: 'paused' | 'yanked'; message: string | undefined }) {
  return (
    <Alert color="yellow" title={kind === 'paused' ? 'Its deployment is paused' : 'Its version was withdrawn'}>
      <Text size="sm">
        {kind === 'paused' ? 'A paused deployment does not run.' : `Withdrawn versions do not run any more.${message ? ` “${message}”` : ''}`}{' '}
        <Anchor component={Link} to="/dashboard/deployments" size="sm">
          {kind === 'paused' ? 'Resume it' : 'Move the deployment to another version'}
        </Anchor>
      </Text>
    </Alert>
  );
}
