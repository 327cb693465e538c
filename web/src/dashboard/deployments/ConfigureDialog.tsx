import { Button, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { agentQuery } from '@/market/queries';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';
import { type Field, fieldsOf, SchemaFields, useSchemaForm } from '@/shared/schema';

import type { Deployment } from '../types';
import { deploymentUpdate } from './actions';

interface Props {
  deployment: Deployment;
  onClose: () => void;
  /** Moves to this version, too. */
  version?: string;
}

/** What an agent is given with every run: its configuration and secrets. */
export function ConfigureDialog({ deployment, onClose, version }: Props) {
  const agent = useQuery(agentQuery(deployment.agent_slug));
  const fields = useMemo(
    // What is left empty here is asked for with each run, so nothing is required.
    () => fieldsOf(agent.data?.manifest, 'inputs').map((field) => ({ ...field, required: false, schema: { ...field.schema, default: undefined } })),
    [agent.data],
  );
  return (
    <Modal opened onClose={onClose} title={version ? `Configure ${deployment.agent_name} ${version}` : `Configure ${deployment.agent_name}`} size="lg">
      {agent.error && !agent.data ? (
        <ErrorState error={agent.error} onRetry={() => void agent.refetch()} />
      ) : agent.data ? (
        <ConfigForm {...{ deployment, fields, version, onClose }} current={agent.data.current_version} />
      ) : (
        <Stack aria-busy="true">
          <Skeleton h={60} />
          <Skeleton h={60} />
        </Stack>
      )}
    </Modal>
  );
}

interface FormProps extends Props {
  fields: Field[];
  current: string;
}

function ConfigForm({ deployment, fields, version, current, onClose }: FormProps) {
  const kept = deployment.secrets_set;
  const form = useSchemaForm(fields, { initial: deployment.config as Record<string, unknown>, kept });
  const save = useMutation({
    mutationFn: (config: Record<string, unknown>) => deploymentUpdate(deployment.id, { config, ...(version ? { version } : {}) }),
    onSuccess: () => {
      notifyDone(version ? `${deployment.agent_name} runs in version ${version} now.` : 'The configuration is saved.');
      onClose();
    },
    onError: (error) => form.refuse(error),
  });
  const isOther = (version ?? deployment.version) !== current;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const config = form.read();
        if (config) save.mutate(config);
      }}
    >
      <Stack>
        <Text size="sm" c="dimmed">
          Filled in here, a value is used for every run. What stays empty is asked for with each run, or has its default.
          {isOther && ` The form is that of version ${current}; the deployment is on ${deployment.version}.`}
        </Text>
        {fields.length === 0 && <Text size="sm">This agent takes no inputs.</Text>}
        <SchemaFields fields={fields} form={form} kept={kept} disabled={save.isPending} />
        {save.error && Object.keys(form.errors).length === 0 && <ErrorState error={save.error} title="It was not saved" />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {version ? 'Save and upgrade' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
