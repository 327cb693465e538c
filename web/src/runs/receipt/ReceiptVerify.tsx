import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Download, ShieldCheck, ShieldX } from 'lucide-react';

import { isApiError } from '@/api/errors';
import { queryClient } from '@/api/query';
import { agentQuery } from '@/market/queries';
import { download } from '@/shared/download';
import { ErrorState } from '@/shared/ErrorState';
import { notifyFailed } from '@/shared/notify';
import { fieldsOf } from '@/shared/schema';

import { deploymentQuery, textOf } from '../queries';
import type { Execution } from '../types';
import { CheckList } from './CheckList';
import { whyNot } from './jws';
import { type Check, receiptVerify } from './verify';

type Verdict = { why: string } | { checks: Check[] };

async function verify(run: Execution): Promise<Verdict> {
  const why = await whyNot();
  if (why) return { why };
  const at = `/executions/${encodeURIComponent(run.id)}`;
  const [receipt, keys, shown, secrets] = await Promise.all([
    textOf(`${at}/receipt`), textOf('/.well-known/jwks.json'), textOf(at), secretsOf(run),
  ]);
  return { checks: await receiptVerify({ receipt, keys, run: shown, secrets }) };
}

/** Secret inputs of the run, as far as its deployment and its agent still tell. */
async function secretsOf(run: Execution): Promise<string[]> {
  const told = await Promise.allSettled([
    queryClient.fetchQuery(deploymentQuery(run.deployment_id ?? '')).then((deployment) => deployment.secrets_set),
    queryClient.fetchQuery(agentQuery(run.agent_slug ?? '')).then((agent) =>
      fieldsOf(agent.manifest, 'inputs').filter((field) => field.secret).map((field) => field.name),
    ),
  ]);
  return [...new Set(told.flatMap((names) => (names.status === 'fulfilled' ? names.value : [])))];
}

/** Checks the run's receipt in this browser: nobody is asked whether it is good. */
export function ReceiptVerify({ run }: { run: Execution }) {
  const work = useMutation({ mutationFn: () => verify(run) });
  const save = useMutation({
    mutationFn: async () => download(`receipt-${run.id}.json`, await textOf(`/executions/${encodeURIComponent(run.id)}/receipt`)),
    onError: (error) => notifyFailed(error, 'The receipt was not loaded'),
  });
  return (
    <Stack gap="sm" mt="sm">
      <Text size="xs" c="dimmed">
        Every run has a signed receipt over its code, inputs, outputs and price. This browser can check it by itself.
      </Text>
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          leftSection={<ShieldCheck size={14} aria-hidden />}
          loading={work.isPending}
          onClick={() => work.mutate()}
        >
          Verify the receipt
        </Button>
        <Button
          variant="subtle"
          size="xs"
          leftSection={<Download size={14} aria-hidden />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Download
        </Button>
      </Group>
      {work.data && <Result verdict={work.data} />}
      {work.error &&
        (isApiError(work.error, 'RECEIPT_NOT_READY') ? (
          <Text size="sm" role="status">
            The receipt is still being written. Try again in a moment.
          </Text>
        ) : (
          <ErrorState error={work.error} onRetry={() => work.mutate()} title="The receipt was not checked" />
        ))}
    </Stack>
  );
}

function Result({ verdict }: { verdict: Verdict }) {
  if ('why' in verdict) {
    return (
      <Alert color="yellow" title="This browser cannot check it" role="alert">
        <Text size="sm">
          {verdict.why} Download the receipt and use <code>frameos receipt verify</code> instead.
        </Text>
      </Alert>
    );
  }
  const isWhole = verdict.checks.every(({ outcome }) => outcome !== 'broken');
  return (
    <Alert
      color={isWhole ? 'green' : 'red'}
      icon={isWhole ? <ShieldCheck size={20} aria-hidden /> : <ShieldX size={20} aria-hidden />}
      title={isWhole ? 'The receipt is genuine' : 'The receipt does not hold'}
      role={isWhole ? 'status' : 'alert'}
      p="sm"
    >
      <CheckList checks={verdict.checks} />
      {!isWhole && (
        <Text size="xs" mt="xs">
          Something was altered, or is not of this platform. Download the receipt and check it elsewhere, with <code>frameos receipt verify</code>.
        </Text>
      )}
    </Alert>
  );
}
