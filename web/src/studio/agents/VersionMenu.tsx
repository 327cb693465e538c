import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ban, ChevronDown, CircleAlert, EllipsisVertical } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

import type { VersionSummary } from '../types';

type Act = 'deprecate' | 'yank';

const WORDS = {
  deprecate: {
    title: (version: string) => `Advise against ${version}`,
    says: 'It goes on running for everybody who has deployed it. They read your message.',
    label: 'Message',
    placeholder: '2.0 reads tables correctly; please move to it.',
    button: 'Deprecate it',
    done: (version: string) => `Version ${version} is deprecated.`,
  },
  yank: {
    title: (version: string) => `Withdraw ${version}`,
    says: 'No new run and no new deployment of it begins, for good. Runs that have begun go on. Whoever has it deployed is told. Meant for versions that are not safe.',
    label: 'Reason',
    placeholder: 'It writes card numbers to its log.',
    button: 'Withdraw it for good',
    done: (version: string) => `Version ${version} is withdrawn.`,
  },
};

interface Props {
  agent: string;
  version: VersionSummary;
  /** With words on its button. */
  isWide?: boolean;
}

/** What can be done about a version. */
export function VersionMenu({ agent, version, isWide = false }: Props) {
  const [act, setAct] = useState<Act | null>(null);
  if (version.status === 'yanked' || version.review_status !== 'approved') return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          {isWide ? (
            <Button variant="default" rightSection={<ChevronDown size={15} aria-hidden />} aria-label={`Actions for version ${version.version}`}>
              Actions
            </Button>
          ) : (
            <ActionIcon variant="subtle" color="gray" aria-label={`Actions for version ${version.version}`}>
              <EllipsisVertical size={16} aria-hidden />
            </ActionIcon>
          )}
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<CircleAlert size={15} aria-hidden />} onClick={() => setAct('deprecate')}>
            {version.status === 'deprecated' ? 'Change the message…' : 'Deprecate…'}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<Ban size={15} aria-hidden />} onClick={() => setAct('yank')}>
            Withdraw…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={act !== null} onClose={() => setAct(null)} title={act && WORDS[act].title(version.version)}>
        {act && <ActForm agent={agent} version={version} act={act} onDone={() => setAct(null)} />}
      </Modal>
    </>
  );
}

function ActForm({ agent, version, act, onDone }: Omit<Props, 'isWide'> & { act: Act; onDone: () => void }) {
  const queries = useQueryClient();
  const said = WORDS[act];
  const form = useForm({
    initialValues: { text: act === 'deprecate' ? (version.deprecation_message ?? '') : '' },
    validate: { text: (text) => (text.trim() === '' ? 'Users of this version will read it' : null) },
  });
  const send = useMutation({
    mutationFn: (text: string) => {
      const params = { path: { agent, version: version.version } };
      return act === 'deprecate'
        ? take(client.POST('/agents/{agent}/versions/{version}/deprecate', { params, body: { message: text } }))
        : take(client.POST('/agents/{agent}/versions/{version}/yank', { params, body: { reason: text } }));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['studio'] });
      notifyDone(said.done(version.version));
      onDone();
    },
  });
  return (
    <form onSubmit={form.onSubmit(({ text }) => send.mutate(text.trim()))}>
      <Stack gap="md">
        <Text size="sm">{said.says}</Text>
        <Textarea label={said.label} placeholder={said.placeholder} maxLength={1000} data-autofocus {...form.getInputProps('text')} />
        {send.error && <ErrorState error={send.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" color={act === 'yank' ? 'red' : undefined} loading={send.isPending}>
            {said.button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
