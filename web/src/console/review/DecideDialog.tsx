import { Button, Checkbox, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';
import { placeOf } from '@/studio/scan/words';
import type { Finding } from '@/studio/types';

import { queueQuery } from '../queries';
import type { VersionForReview } from '../types';

export type Verdict = 'approve' | 'reject';

interface Props {
  version: VersionForReview;
  verdict: Verdict | null;
  findings: Finding[];
  onClose: () => void;
}

/** The decision, with what the developer is told. */
export function DecideDialog({ version, verdict, findings, onClose }: Props) {
  const what = `${version.slug} ${version.version}`;
  return (
    <Modal opened={verdict !== null} onClose={onClose} title={verdict === 'approve' ? `Approve ${what}` : `Reject ${what}`}>
      {verdict && <DecideForm version={version} verdict={verdict} findings={findings} onClose={onClose} />}
    </Modal>
  );
}

function DecideForm({ version, verdict, findings, onClose }: Props & { verdict: Verdict }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const [cited, setCited] = useState<string[]>([]);
  const isApproval = verdict === 'approve';
  const told = [...cited, reason.trim()].filter(Boolean).join('\n');
  const decide = useMutation({
    mutationFn: () => {
      const options = { params: { path: { version: version.version_id } }, body: told ? { reason: told } : {} };
      return isApproval
        ? take(client.POST('/admin/versions/{version}/approve', options))
        : take(client.POST('/admin/versions/{version}/reject', options));
    },
    onSuccess: async () => {
      notifyDone(`${version.slug} ${version.version} is ${isApproval ? 'approved' : 'rejected'}.`);
      onClose();
      await queries.invalidateQueries({ queryKey: ['console'] });
      const { reviews } = await queries.fetchQuery({ ...queueQuery({ page: 1, limit: 20 }), staleTime: 0 });
      const [next] = reviews.filter(({ version_id: id }) => id !== version.version_id);
      if (next) await navigate({ to: '/console/reviews/$version', params: { version: next.version_id } });
      else await navigate({ to: '/console/reviews' });
    },
  });
  const quotes = findings.slice(0, 8).map((finding) => `${placeOf(finding)}: ${finding.message}`);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        decide.mutate();
      }}
    >
      <Stack gap="md">
        <Text size="sm">
          {isApproval
            ? 'It goes live at once. The developer is told by mail.'
            : 'Nobody can run it. The developer reads your reasons, by mail and in the studio.'}
        </Text>
        {!isApproval && quotes.length > 0 && (
          <Checkbox.Group label="Because of" value={cited} onChange={setCited}>
            <Stack gap={6} mt={6}>
              {[...new Set(quotes)].map((quote) => (
                <Checkbox key={quote} value={quote} label={quote} size="sm" />
              ))}
            </Stack>
          </Checkbox.Group>
        )}
        <Textarea
          label={isApproval ? 'A word to the developer, if you like' : 'Reasons, and what to change'}
          value={reason}
          maxLength={1500}
          data-autofocus
          onChange={({ currentTarget: { value } }) => setReason(value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && (isApproval || told)) decide.mutate();
          }}
        />
        {decide.error && <ErrorState error={decide.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color={isApproval ? undefined : 'red'} loading={decide.isPending} disabled={!isApproval && told === ''}>
            {isApproval ? 'Approve it' : 'Reject it'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
