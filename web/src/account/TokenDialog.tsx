import { Button, Checkbox, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError, sentence } from '@/api/errors';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import { useSession } from '@/session/store';
import { ErrorState } from '@/shared/ErrorState';

import { tokensQuery } from './queries';

type Scope = Schemas['TokenScope'];

interface Props {
  onClose: () => void;
  onMade: (token: Schemas['PersonalTokenCreated']) => void;
}

const SCOPES: { value: Scope; label: string; description: string; roles: string[] }[] = [
  { value: 'read', label: 'Read', description: 'Everything of the account but tokens, sessions and export', roles: ['user', 'developer'] },
  { value: 'execute', label: 'Run agents', description: 'Starting and cancelling runs, at their price', roles: ['user'] },
  { value: 'deploy', label: 'Deploy', description: 'Deployments and webhooks', roles: ['user'] },
  { value: 'wallet', label: 'Wallet', description: 'Top-ups and subscriptions', roles: ['user'] },
  { value: 'publish', label: 'Publish', description: 'Agents and their versions', roles: ['developer'] },
];

const DAYS = [
  { value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: '90', label: '90 days' }, { value: '366', label: 'A year' },
];

export function TokenDialog({ onClose, onMade }: Props) {
  const role = useSession()?.role ?? 'user';
  const form = useForm({
    initialValues: { name: '', scopes: ['read'] as string[], days: '90' },
    validate: {
      name: (name) => (name.trim() === '' ? 'Give it a name, such as the program that uses it.' : null),
      scopes: (scopes) => (scopes.length === 0 ? 'Choose at least one.' : null),
    },
  });
  const make = useMutation({
    mutationFn: ({ name, scopes, days }: typeof form.values) =>
      take(client.POST('/me/tokens', { body: { name: name.trim(), scopes: scopes as Scope[], expires_in_days: Number(days) } })),
    onSuccess: (token) => {
      void queryClient.invalidateQueries({ queryKey: tokensQuery().queryKey });
      onMade(token);
    },
    onError: (error) => {
      if (isApiError(error)) form.setErrors(Object.fromEntries(error.fields.map(({ field, message }) => [field, sentence(message)])));
    },
  });
  return (
    <Modal opened onClose={onClose} title="New access token">
      <form noValidate onSubmit={form.onSubmit((values) => make.mutate(values))}>
        <Stack>
          <TextInput label="Name" placeholder="nightly-report" data-autofocus {...form.getInputProps('name')} />
          <Checkbox.Group label="It may" {...form.getInputProps('scopes')}>
            <Stack gap="xs" mt={6}>
              {SCOPES.filter(({ roles }) => roles.includes(role)).map(({ value, label, description }) => (
                <Checkbox key={value} value={value} label={label} description={description} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Select label="It works for" data={DAYS} {...form.getInputProps('days')} />
          {make.error && Object.keys(form.errors).length === 0 && <ErrorState error={make.error} title="No token was made" />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending}>
              Make the token
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
