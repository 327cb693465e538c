import { ActionIcon, Alert, Badge, Button, Collapse, Group, Menu, Paper, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { EllipsisVertical, KeyRound, Pencil, Power, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import { confirmAsk } from '@/shared/confirm';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { listWords } from '@/shared/words';
import { formatAbsolute } from '@/shared/time';

import type { Webhook } from '../types';
import { Deliveries } from './Deliveries';
import { eventWords } from './events';
import { WebhookDialog } from './WebhookDialog';

interface Props {
  webhook: Webhook;
  onSecret: (secret: string) => void;
}

const DISABLED: Record<string, string> = {
  owner: 'You turned it off.',
  gone: 'Its server said that it is gone (410), so nothing is sent any more.',
  failing: 'Its server failed for too long, so nothing is sent any more.',
};

export function WebhookCard({ webhook, onSecret }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [isChanging, setChanging] = useState(false);
  const params = { path: { webhook: webhook.id } };
  const act = useMutation({
    mutationFn: (work: () => Promise<string | null>) => work(),
    onSuccess: (said) => {
      if (said) notifyDone(said);
      void queryClient.invalidateQueries({ queryKey: ['webhooks'] });
    },
    onError: (error) => notifyFailed(error),
  });
  const test = () =>
    act.mutate(async () => {
      await take(client.POST('/webhooks/{webhook}/test', { params }));
      setOpen(true);
      return 'A test is on its way.';
    });
  const toggle = () =>
    act.mutate(async () => {
      await take(client.PATCH('/webhooks/{webhook}', { params, body: { enabled: !webhook.enabled } }));
      return webhook.enabled ? 'It is off.' : 'It is on again.';
    });
  const rotate = () =>
    act.mutate(async () => {
      const children = 'For a day deliveries are signed with both, so that your server can change over.';
      if (!(await confirmAsk({ title: 'Make a new secret?', children, confirm: 'Make a new secret' }))) return null;
      const made = await take(client.POST('/webhooks/{webhook}/rotate-secret', { params }));
      onSecret(made.secret);
      return `The old one is good until ${formatAbsolute(made.previous_secret_valid_until)}.`;
    });
  const remove = () =>
    act.mutate(async () => {
      const children = 'Nothing is sent there any more, not even what is waiting. This cannot be undone.';
      if (!(await confirmAsk({ title: 'Delete this webhook?', children, confirm: 'Delete it', danger: true }))) return null;
      await take(client.DELETE('/webhooks/{webhook}', { params }));
      return 'The webhook is deleted.';
    });
  return (
    <Paper component="article" p="md" aria-label={webhook.url}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ flex: '1 1 240px', minWidth: 0 }}>
          <Group gap="xs">
            <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
              {webhook.url}
            </Title>
            <Badge color={webhook.enabled ? 'green' : 'gray'}>{webhook.enabled ? 'On' : 'Off'}</Badge>
          </Group>
          {webhook.description && <Text size="sm">{webhook.description}</Text>}
          <Text size="xs" c="dimmed" mt={4}>
            Told when {listWords(webhook.events.map(eventWords))}
          </Text>
        </div>
        <Group gap="xs">
          <Button size="xs" variant="default" leftSection={<Send size={14} aria-hidden />} onClick={test} disabled={!webhook.enabled || act.isPending}>
            Test
          </Button>
          <Button size="xs" variant="default" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
            Deliveries
          </Button>
          <Menu position="bottom-end" shadow="md" width={200}>
            <Menu.Target>
              <ActionIcon variant="default" size={30} aria-label={`More for ${webhook.url}`}>
                <EllipsisVertical size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<Pencil size={15} aria-hidden />} onClick={() => setChanging(true)}>Change</Menu.Item>
              <Menu.Item leftSection={<Power size={15} aria-hidden />} onClick={toggle}>{webhook.enabled ? 'Turn off' : 'Turn on'}</Menu.Item>
              <Menu.Item leftSection={<KeyRound size={15} aria-hidden />} onClick={rotate}>New secret</Menu.Item>
              <Menu.Item color="red" leftSection={<Trash2 size={15} aria-hidden />} onClick={remove}>Delete</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      </Group>
      {webhook.disabled_reason && (
        <Alert color={webhook.disabled_reason === 'owner' ? 'gray' : 'orange'} mt="sm" p="sm">
          {DISABLED[webhook.disabled_reason]} Turn it on when the server answers again.
        </Alert>
      )}
      {webhook.enabled && webhook.failing_since && (
        <Alert color="orange" mt="sm" p="sm">
          Its server has been failing since {formatAbsolute(webhook.failing_since)}. Deliveries are tried again.
        </Alert>
      )}
      <Collapse expanded={isOpen}>{isOpen && <Deliveries webhook={webhook} />}</Collapse>
      {isChanging && <WebhookDialog webhook={webhook} onClose={() => setChanging(false)} />}
    </Paper>
  );
}
