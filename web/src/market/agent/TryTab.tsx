import { Alert, Button, Group, Paper, Select, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Info, Play } from 'lucide-react';
import { useRef, useState } from 'react';

import { isApiError } from '@/api/errors';
import { useSession } from '@/session/store';
import { confirmAsk } from '@/shared/confirm';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { formatMoney } from '@/shared/money';
import { SchemaFields, useSchemaForm } from '@/shared/schema';
import { fieldsOf } from '@/shared/schema/types';

import { freeWords, priceShort } from '../price';
import { deploymentsQuery, subscriptionsQuery, walletQuery } from '../queries';
import { subscriptionOf } from '../subscription';
import type { AgentPageData, Deployment } from '../types';
import { NotSignedIn, priceToConfirm, runStart, wishKey } from './tryRun';

/** The input form, and one button from it to the run. */
export function TryTab({ agent }: { agent: AgentPageData }) {
  const session = useSession();
  const isUser = session?.role === 'user';
  const deployments = useQuery({ ...deploymentsQuery(), enabled: isUser });
  const own = (deployments.data?.deployments ?? []).filter(
    (deployment) => deployment.agent_id === agent.id && deployment.status === 'configured' && deployment.version_status !== 'yanked',
  );
  // Signing in on the way must not take the form away, so it is keyed by nothing that signing in changes.
  return <TryForm agent={agent} deployments={own} isUser={isUser} />;
}

interface FormProps {
  agent: AgentPageData;
  deployments: Deployment[];
  isUser: boolean;
}

function TryForm({ agent, deployments, isUser }: FormProps) {
  const navigate = useNavigate();
  const [fields] = useState(() => fieldsOf(agent.manifest, 'inputs'));
  const [chosen, setChosen] = useState<string | undefined>();
  const deployment = deployments.find(({ id }) => id === chosen) ?? deployments[0];
  const kept = deployment?.secrets_set ?? [];
  const form = useSchemaForm(fields, { initial: deployment?.config, kept });
  const key = useRef(wishKey());
  const run = useMutation({
    mutationFn: (wish: { values: Record<string, unknown>; confirmedAmount?: number }) =>
      runStart({ agent, fields, ...wish, deployment: deployment?.id, key: key.current }),
    onSuccess: (id) => void navigate({ to: '/runs/$id', params: { id } }),
    onError: async (error, wish) => {
      // A refused request is over; the next click is another wish.
      if (isApiError(error)) key.current = wishKey();
      if (form.refuse(error)) return;
      const price = priceToConfirm(error);
      if (price === undefined || wish.confirmedAmount !== undefined) return;
      const amount = formatMoney(price, agent.price_currency);
      const agreed = await confirmAsk({
        title: 'Confirm the price',
        children: `Your spending policy wants to be asked: this run costs ${amount}${agent.pricing.model === 'pay_per_use' ? ' at the most' : ''}.`,
        confirm: `Run for ${amount}`,
      });
      if (agreed) run.mutate({ ...wish, confirmedAmount: price });
    },
  });
  const submit = () => {
    const values = form.read();
    if (values) run.mutate({ values });
    else focusFirstError();
  };
  const isAtField = isApiError(run.error) && run.error.fields.length > 0;
  const isQuiet = isAtField || run.error instanceof NotSignedIn || priceToConfirm(run.error) !== undefined;

  return (
    <Paper p={{ base: 'md', sm: 'xl' }} component="section" aria-labelledby="try-title">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="lg">
          <Title order={2} id="try-title">
            Try {agent.name}
          </Title>
          {deployments.length > 1 && (
            <Select
              label="Deployment"
              description="Which of your configured copies to run."
              value={deployment?.id ?? null}
              data={deployments.map(({ id, version, created_at }) => ({
                value: id,
                label: `Version ${version}, set up ${new Date(created_at).toLocaleDateString()}`,
              }))}
              onChange={(id) => {
                setChosen(id ?? undefined);
                form.reset(deployments.find((each) => each.id === id)?.config ?? {});
              }}
            />
          )}
          {deployment && deployment.version !== agent.current_version && (
            <Alert color="blue" icon={<Info size={18} aria-hidden />}>
              Your deployment is of version {deployment.version}; {agent.current_version} is the current one. What changes is shown under{' '}
              <AnchorLink to="/dashboard/deployments" inherit>
                Deployments
              </AnchorLink>
              .
            </Alert>
          )}
          {fields.length === 0 ? (
            <Text c="dimmed">It takes no inputs.</Text>
          ) : (
            <SchemaFields fields={fields} form={form} kept={kept} disabled={run.isPending} />
          )}
          {run.error && !isQuiet && <ErrorState error={run.error} title={titleOf(run.error)} />}
          <Group justify="space-between" gap="md" align="center">
            <PriceNote agent={agent} isUser={isUser} />
            <Button type="submit" size="md" loading={run.isPending} leftSection={<Play size={16} aria-hidden />}>
              Run it
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}

/** What the click will cost, and whether there is money for it. */
function PriceNote({ agent, isUser }: { agent: AgentPageData; isUser: boolean }) {
  const wallet = useQuery({ ...walletQuery(), enabled: isUser && agent.price_amount > 0 });
  const free = freeWords(agent);
  const isCovered = agent.pricing.model === 'subscription' && agent.price_amount > 0;
  const subscriptions = useQuery({ ...subscriptionsQuery(), enabled: isUser && isCovered });
  const isSubscribed = subscriptionOf(agent, subscriptions.data?.subscriptions) !== undefined;
  return (
    <Text size="sm" c="dimmed" maw={420}>
      {isCovered ? (isSubscribed ? 'Part of your subscription.' : `Runs need a subscription: ${priceShort(agent)}.`) : agent.price_amount === 0 ? 'This run is free.' : `${priceShort(agent)}, if it succeeds`}
      {free ? ` (${free})` : ''}
      {!isCovered && agent.price_amount > 0 ? '.' : ''}
      {wallet.data && !isCovered && ` Your wallet has ${formatMoney(wallet.data.available, wallet.data.currency)}.`}
    </Text>
  );
}

function titleOf(error: unknown): string | undefined {
  if (isApiError(error, 'INSUFFICIENT_FUNDS')) return 'There is not enough in your wallet';
  if (isApiError(error, 'POLICY_REFUSED')) return 'Your spending policy does not allow this run';
  if (isApiError(error, 'SUBSCRIPTION_REQUIRED')) return 'This agent is for subscribers';
  return undefined;
}

function focusFirstError(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('form [aria-invalid="true"]')?.focus());
}
