import { ActionIcon, Alert, Badge, Button, Group, Menu, Paper, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ArrowUpCircle, CirclePause, CirclePlay, EllipsisVertical, KeyRound, Play, Settings2, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { confirmAsk } from '@/shared/confirm';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import type { Deployment } from '../types';
import { deploymentDelete, deploymentUpdate } from './actions';
import { ConfigureDialog } from './ConfigureDialog';
import { UpgradeDialog } from './UpgradeDialog';

export function DeploymentCard({ deployment }: { deployment: Deployment }) {
  const [dialog, setDialog] = useState<'configure' | 'upgrade' | null>(null);
  const isPaused = deployment.status === 'paused';
  const isOld = deployment.version !== deployment.current_version;
  const toggle = useMutation({
    mutationFn: () => deploymentUpdate(deployment.id, { status: isPaused ? 'configured' : 'paused' }),
    onSuccess: () => notifyDone(`${deployment.agent_name} is ${isPaused ? 'ready again' : 'paused'}.`),
    onError: (error) => notifyFailed(error),
  });
  const names = Object.keys(deployment.config);
  return (
    <Paper component="article" p="md" aria-label={deployment.agent_name}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ flex: '1 1 220px', minWidth: 0 }}>
          <Group gap="xs">
            <Title order={2} size="h3">
              <AnchorLink to="/a/$slug" params={{ slug: deployment.agent_slug }} inherit c="inherit">
                {deployment.agent_name}
              </AnchorLink>
            </Title>
            <StatusBadge status={deployment.status} />
            <VersionMark deployment={deployment} />
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            Version {deployment.version}
            {isOld && `, ${deployment.current_version} is current`} · changed <Time at={deployment.updated_at} />
          </Text>
          <Group gap={6} mt={6}>
            {names.length > 0 && <Text size="xs" c="dimmed">Configured: {names.join(', ')}</Text>}
            {deployment.secrets_set.map((name) => (
              <Badge key={name} color="gray" size="sm" leftSection={<KeyRound size={11} aria-hidden />}>
                {name} is set
              </Badge>
            ))}
          </Group>
        </div>
        <Group gap="xs">
          {isOld && (
            <Button variant="default" size="xs" leftSection={<ArrowUpCircle size={14} aria-hidden />} onClick={() => setDialog('upgrade')}>
              Upgrade
            </Button>
          )}
          {!isPaused && deployment.version_status !== 'yanked' && (
            <ButtonLink to="/a/$slug" params={{ slug: deployment.agent_slug }} search={{ tab: 'try' }} size="xs" leftSection={<Play size={14} aria-hidden />}>
              Run
            </ButtonLink>
          )}
          {isPaused && (
            <Button size="xs" leftSection={<CirclePlay size={14} aria-hidden />} loading={toggle.isPending} onClick={() => toggle.mutate()}>
              Resume
            </Button>
          )}
          <CardMenu deployment={deployment} onConfigure={() => setDialog('configure')} onPause={isPaused ? undefined : () => toggle.mutate()} />
        </Group>
      </Group>
      {deployment.version_status !== 'active' && <VersionAlert deployment={deployment} />}
      {dialog === 'configure' && <ConfigureDialog deployment={deployment} onClose={() => setDialog(null)} />}
      {dialog === 'upgrade' && <UpgradeDialog deployment={deployment} onClose={() => setDialog(null)} />}
    </Paper>
  );
}

function VersionMark({ deployment }: { deployment: Deployment }) {
  return deployment.version_status === 'active' ? null : <StatusBadge status={deployment.version_status} />;
}

function VersionAlert({ deployment }: { deployment: Deployment }) {
  const isYanked = deployment.version_status === 'yanked';
  const isOld = deployment.version !== deployment.current_version;
  return (
    <Alert color={isYanked ? 'red' : 'yellow'} mt="sm" p="sm">
      <Text size="sm">
        {isYanked ? 'This version was withdrawn: it does not run any more.' : 'Its developer advises against this version; it still runs.'}
        {deployment.version_message && ` The reason given: “${deployment.version_message}”`}
        {isOld ? ' Upgrade to go on with the current one.' : ' There is no newer one yet.'}
      </Text>
    </Alert>
  );
}

interface MenuProps {
  deployment: Deployment;
  onConfigure: () => void;
  onPause: (() => void) | undefined;
}

function CardMenu({ deployment, onConfigure, onPause }: MenuProps) {
  const remove = async () => {
    const sure = await confirmAsk({
      title: `Delete the deployment of ${deployment.agent_name}?`,
      children: 'Its configuration and secrets are erased. Its runs and receipts stay. This cannot be undone.',
      confirm: 'Delete it',
      danger: true,
    });
    if (!sure) return;
    try {
      await deploymentDelete(deployment.id);
      notifyDone('The deployment is deleted.');
    } catch (error) {
      notifyFailed(error, 'It was not deleted');
    }
  };
  return (
    <Menu position="bottom-end" shadow="md" width={190}>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label={`More for ${deployment.agent_name}`}>
          <EllipsisVertical size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Settings2 size={15} aria-hidden />} onClick={onConfigure}>
          Configure
        </Menu.Item>
        {onPause && (
          <Menu.Item leftSection={<CirclePause size={15} aria-hidden />} onClick={onPause}>
            Pause
          </Menu.Item>
        )}
        <Menu.Item color="red" leftSection={<Trash2 size={15} aria-hidden />} onClick={() => void remove()}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
