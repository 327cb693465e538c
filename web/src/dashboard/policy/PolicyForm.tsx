import { Alert, Button, Group, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { isApiError, sentence } from '@/api/errors';
import { queryClient } from '@/api/query';
import { confirmAsk } from '@/shared/confirm';
import { ErrorState } from '@/shared/ErrorState';
import { formatMoney } from '@/shared/money';
import { notifyDone } from '@/shared/notify';
import { Panel } from '@/shared/Panel';

import { policyQuery } from '../queries';
import type { Policy } from '../types';
import { AgentTags } from './AgentTags';
import { CategoryTags } from './CategoryTags';
import { draftOf, type PolicyDraft, policyOf } from './draft';

const LIMITS = [
  { name: 'per_execution_limit', label: 'Per run', description: 'Of a metered agent, the most it can cost.' },
  { name: 'daily_limit', label: 'Per day', description: 'Midnight to midnight UTC, with what is set aside.' },
  { name: 'monthly_limit', label: 'Per month', description: 'A calendar month in UTC.' },
  { name: 'confirm_above', label: 'Ask me above', description: 'A higher price needs your confirmation.' },
] as const;

export function PolicyForm({ policy }: { policy: Policy }) {
  const [draft, setDraft] = useState(() => draftOf(policy));
  const [errors, setErrors] = useState<Partial<Record<string, string>>>({});
  const currency = policy.currency ?? 'INR';
  const isChanged = JSON.stringify(draft) !== JSON.stringify(draftOf(policy));
  const set = <K extends keyof PolicyDraft>(name: K, value: PolicyDraft[K]) => {
    setDraft((before) => ({ ...before, [name]: value }));
    setErrors(({ [name]: _, ...others }) => others);
  };
  const save = useMutation({
    mutationFn: (body: Policy) => take(client.PUT('/policy', { body })),
    onSuccess: (saved) => {
      queryClient.setQueryData(policyQuery().queryKey, saved as never);
      void queryClient.invalidateQueries({ queryKey: policyQuery().queryKey });
      notifyDone('The policy is saved and in force.');
    },
    onError: (error) => {
      if (isApiError(error)) setErrors(Object.fromEntries(error.fields.map(({ field, message }) => [field, sentence(`${field.replaceAll('_', ' ')} ${message}`)])));
    },
  });
  useBlocker({
    shouldBlockFn: async () =>
      isChanged &&
      !save.isSuccess &&
      !(await confirmAsk({ title: 'Leave without saving?', children: 'What you changed in the policy is lost.', confirm: 'Leave', danger: true })),
    enableBeforeUnload: () => isChanged && !save.isSuccess,
  });
  const submit = () => {
    const read = policyOf(draft, policy);
    if ('errors' in read) return setErrors(read.errors);
    setErrors({});
    save.mutate(read.policy);
  };
  const symbol = formatMoney(0, currency, { short: true }).replace(/[\d\s.,]/g, '');
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="lg">
        <Panel
          title="Stop all spending"
          description={draft.paused ? 'Every new run and payment is refused while this is on. Runs that have started go on.' : 'Refuses every new run and payment until you turn it off again. It takes effect when you save.'}
          aside={<Switch aria-label="Stop all spending" size="md" checked={draft.paused} onChange={(event) => set('paused', event.currentTarget.checked)} />}
        />
        <Panel title="Limits" description="What stays empty is not limited.">
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            {LIMITS.map(({ name, label, description }) => (
              <TextInput
                key={name}
                label={label}
                description={description}
                placeholder="No limit"
                inputMode="decimal"
                leftSection={symbol}
                value={draft[name]}
                onChange={(event) => set(name, event.currentTarget.value)}
                error={errors[name]}
                autoComplete="off"
              />
            ))}
          </SimpleGrid>
        </Panel>
        <Panel title="Agents" description="A blocked one never runs. When any are allowed, only those do.">
          <Stack>
            <AgentTags label="Only these agents" value={draft.allowed_agents} onChange={(value) => set('allowed_agents', value)} error={errors.allowed_agents} />
            <AgentTags label="Never these agents" value={draft.blocked_agents} onChange={(value) => set('blocked_agents', value)} error={errors.blocked_agents} />
          </Stack>
        </Panel>
        <Panel title="Categories" description="The same, for all agents of a category.">
          <Stack>
            <CategoryTags label="Only these categories" value={draft.allowed_categories} onChange={(value) => set('allowed_categories', value)} error={errors.allowed_categories} />
            <CategoryTags label="Never these categories" value={draft.blocked_categories} onChange={(value) => set('blocked_categories', value)} error={errors.blocked_categories} />
          </Stack>
        </Panel>
        <Panel title="Expiry" description="After that nothing is bought until you set a new end. Useful for a trial or a project.">
          <TextInput
            label="Allow spending until"
            type="datetime-local"
            maw={280}
            value={draft.expires_at}
            onChange={(event) => set('expires_at', event.currentTarget.value)}
            error={errors.expires_at}
          />
        </Panel>
        {save.error && Object.keys(errors).length === 0 && <Failure error={save.error} />}
        <Group justify="flex-end" gap="xs">
          {isChanged && (
            <Text size="sm" c="dimmed">
              Not saved yet
            </Text>
          )}
          <Button variant="default" disabled={!isChanged} onClick={() => setDraft(draftOf(policy))}>
            Discard
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!isChanged}>
            Save the policy
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Failure({ error }: { error: unknown }) {
  if (!isApiError(error, 'POLICY_CHANGED')) return <ErrorState error={error} title="The policy was not saved" />;
  return (
    <Alert color="yellow" title="The policy was changed elsewhere meanwhile" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">Load the one in force and make your changes again, so that nothing is overwritten unseen.</Text>
        <Button size="xs" variant="default" onClick={() => void queryClient.invalidateQueries({ queryKey: policyQuery().queryKey })}>
          Load it
        </Button>
      </Stack>
    </Alert>
  );
}
