import { Alert, Button, Group, List, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { sentence } from '@/api/errors';
import { changeLines } from '@/market/agent/VersionChanges';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

import { deploymentChangesQuery } from '../queries';
import type { Deployment } from '../types';
import { deploymentUpdate } from './actions';
import { ConfigureDialog } from './ConfigureDialog';

interface Props {
  deployment: Deployment;
  onClose: () => void;
}

/** What the current version changes for this deployment, before it is moved there. */
export function UpgradeDialog({ deployment, onClose }: Props) {
  const [isConfiguring, setConfiguring] = useState(false);
  const to = deployment.current_version;
  const preview = useQuery(deploymentChangesQuery(deployment.id, to));
  const move = useMutation({
    mutationFn: () => deploymentUpdate(deployment.id, { version: to }),
    onSuccess: () => {
      notifyDone(`${deployment.agent_name} runs in version ${to} now.`);
      onClose();
    },
  });
  if (isConfiguring) return <ConfigureDialog deployment={deployment} version={to} onClose={onClose} />;
  const lines = preview.data ? changeLines(preview.data.changes) : [];
  const fits = preview.data?.config_fits ?? false;
  return (
    <Modal opened onClose={onClose} title={`Upgrade ${deployment.agent_name} to ${to}`} size="lg">
      {preview.error && !preview.data ? (
        <ErrorState error={preview.error} onRetry={() => void preview.refetch()} />
      ) : !preview.data ? (
        <Stack aria-busy="true" gap="xs">
          <Skeleton h={16} w="70%" />
          <Skeleton h={16} w="55%" />
          <Skeleton h={16} w="60%" />
        </Stack>
      ) : (
        <Stack>
          <Text size="sm">
            What changes against {deployment.version}, which it runs in now:
          </Text>
          {lines.length === 0 ? (
            <Text size="sm" c="dimmed">
              Nothing that concerns who runs it: same inputs, outputs, permissions and limits.
            </Text>
          ) : (
            <List size="sm" spacing={4}>
              {lines.map((line) => (
                <List.Item key={line}>{line}</List.Item>
              ))}
            </List>
          )}
          <Text size="sm" c="dimmed">
            The price stays: it does not depend on the version.
          </Text>
          {!fits && (
            <Alert color="yellow" title="The configuration does not fit the new version">
              {preview.data.config_problem ? sentence(preview.data.config_problem) : 'It has to be changed with the upgrade.'}
            </Alert>
          )}
          {move.error && <ErrorState error={move.error} title="It was not upgraded" />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
            <Button variant={fits ? 'default' : undefined} onClick={() => setConfiguring(true)}>
              Configure and upgrade
            </Button>
            {fits && (
              <Button loading={move.isPending} onClick={() => move.mutate()}>
                Upgrade
              </Button>
            )}
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
