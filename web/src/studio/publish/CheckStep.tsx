import { Accordion, Alert, Button, Group, Loader, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ArrowLeft, CircleAlert, Hourglass, Rocket, Send, TriangleAlert } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { ApiError, isApiError } from '@/api/errors';
import { uniqueKey } from '@/session/key';
import { ErrorState } from '@/shared/ErrorState';
import { formatBytes, plural } from '@/shared/numbers';

import type { AgentChecked } from '../contract';
import { ChangesView } from '../scan/ChangesView';
import { ScanReportView } from '../scan/ScanReportView';
import type { AgentRegistered, ScanReport } from '../types';
import { type Bundle, bundleWith } from './bundle';
import { Issues } from './CheckPanel';
import { base64 } from './tar';
import { useBundleCheck } from './useCheck';

interface Props {
  bundle: Bundle;
  text: string;
  target: string | null;
  onBack: () => void;
  onSubmitted: (answer: AgentRegistered) => void;
}

/** The whole of it checked as submitting would, then submitted. */
export function CheckStep({ bundle, text, target, onBack, onSubmitted }: Props) {
  const check = useBundleCheck(bundle, text, target ?? undefined);
  // Submitting again after no answer came must not submit twice; after a refusal it is another request.
  const [key, setKey] = useState(uniqueKey);
  const submit = useMutation({
    mutationFn: async () => {
      const body = { code_base64: await base64((await bundleWith(bundle, text)).packed) };
      const header = { 'Idempotency-Key': key };
      return target === null
        ? take(client.POST('/agents/register', { params: { header }, body }))
        : take(client.POST('/agents/{agent}/versions', { params: { header, path: { agent: target } }, body }));
    },
    onSuccess: onSubmitted,
    onError: (error) => error instanceof ApiError && setKey(uniqueKey()),
  });
  // The same again would be refused again: one goes back and changes it.
  const isRefused = check.data?.accepted === false || isApiError(submit.error, 'SCAN_REJECTED', 'INVALID_MANIFEST');
  return (
    <Stack gap="lg">
      {check.isPending ? <Checking /> : check.error ? <ErrorState error={check.error} onRetry={() => void check.refetch()} /> : null}
      {check.data && <Checked checked={check.data} isVersion={target !== null} />}
      {submit.error && <Refused error={submit.error} />}
      <Group justify="space-between">
        <Button variant="default" leftSection={<ArrowLeft size={16} aria-hidden />} onClick={onBack}>
          Back
        </Button>
        <Button
          leftSection={<Send size={16} aria-hidden />}
          loading={submit.isPending}
          disabled={check.isPending || isRefused}
          onClick={() => submit.mutate()}
        >
          {target === null ? 'Submit the agent' : 'Submit the version'}
        </Button>
      </Group>
    </Stack>
  );
}

function Checking() {
  return (
    <Paper p="xl" aria-busy>
      <Group justify="center" gap="sm" mih={160}>
        <Loader size="sm" />
        <Text>Scanning the code…</Text>
      </Group>
    </Paper>
  );
}

function Checked({ checked, isVersion }: { checked: AgentChecked; isVersion: boolean }) {
  const { errors, warnings, scan_report: report, frames, changes, files, needs_review: needsReview } = checked;
  return (
    <>
      {errors.length > 0 && (
        <Alert color="red" role="alert" icon={<CircleAlert size={18} aria-hidden />} title="This would be refused">
          <Issues issues={errors} />
        </Alert>
      )}
      {errors.length === 0 && needsReview === true && (
        <Alert color="blue" icon={<Hourglass size={18} aria-hidden />} title="A reviewer will look at it">
          {isVersion
            ? 'It changes something that a person has to approve. Until then your current version stays as it is.'
            : 'Every first version is reviewed before it is listed.'}{' '}
          A decision is promised within 24 hours of submitting.
        </Alert>
      )}
      {errors.length === 0 && needsReview === false && (
        <Alert color="green" icon={<Rocket size={18} aria-hidden />} title="It goes live when you submit it">
          Nothing in it needs a reviewer. Users who have deployed an earlier version keep it until they change.
        </Alert>
      )}
      {warnings.length > 0 && (
        <Alert color="yellow" icon={<TriangleAlert size={18} aria-hidden />} title="Probably not meant so">
          <Issues issues={warnings} />
        </Alert>
      )}
      {changes && <ChangesView changes={changes} />}
      {report && (
        <section aria-labelledby="scan-title">
          <Title order={2} id="scan-title" mb="sm">
            Scan
          </Title>
          <ScanReportView report={report} frames={frames} />
        </section>
      )}
      {files.length > 0 && <Files files={files} />}
    </>
  );
}

function Files({ files }: { files: AgentChecked['files'] }) {
  return (
    <Accordion variant="contained" radius="lg">
      <Accordion.Item value="files">
        <Accordion.Control>{plural(files.length, 'file')} in the bundle</Accordion.Control>
        <Accordion.Panel>
          <Table aria-label="Files in the bundle">
            <Table.Tbody>
              {files.slice(0, 300).map(({ path, bytes }) => (
                <Table.Tr key={path}>
                  <Table.Td ff="monospace" fz="xs">
                    {path}
                  </Table.Td>
                  <Table.Td ta="right" className="tabular" fz="xs">
                    {formatBytes(bytes)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {files.length > 300 && <Text size="xs">and {files.length - 300} more</Text>}
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

/** A refusal of what was submitted, with all that the server said. */
function Refused({ error }: { error: Error }) {
  const details = error instanceof ApiError ? (error.details as { scan_report?: ScanReport; errors?: { path: string; message: string }[] } | null) : null;
  return (
    <Stack gap="md">
      <ErrorState error={error} title="It was not submitted" />
      {details?.errors && <Issues issues={details.errors} />}
      {details?.scan_report && (
        <section aria-labelledby="refused-title">
          <Title order={2} id="refused-title" mb="sm">
            Scan
          </Title>
          <ScanReportView report={details.scan_report} frames={[]} />
        </section>
      )}
    </Stack>
  );
}
