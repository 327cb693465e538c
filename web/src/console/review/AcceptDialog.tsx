import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { ErrorState } from '@/shared/ErrorState';
import type { Finding } from '@/studio/types';
import { placeOf } from '@/studio/scan/words';

interface Props {
  version: string;
  finding: Finding;
  isOpen: boolean;
  onClose: () => void;
}

/** Accepting one flagged finding, with why. */
export function AcceptDialog({ version, finding, isOpen, onClose }: Props) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={`Accept “${finding.title || finding.rule}”`}>
      <AcceptForm version={version} finding={finding} onClose={onClose} />
    </Modal>
  );
}

function AcceptForm({ version, finding, onClose }: Omit<Props, 'isOpen'>) {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const accept = useMutation({
    mutationFn: () =>
      take(
        client.POST('/admin/versions/{version}/findings/{finding}/accept', {
          params: { path: { version, finding: finding.fingerprint } },
          body: { reason: reason.trim() },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['console', 'review', version] });
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        accept.mutate();
      }}
    >
      <Stack gap="md">
        <Text size="sm">
          {placeOf(finding)}: {finding.message}. It stays accepted in later versions while nothing of the file changes.
        </Text>
        <Textarea
          label="Why it is honest"
          value={reason}
          maxLength={500}
          data-autofocus
          onChange={({ currentTarget: { value } }) => setReason(value)}
        />
        {accept.error && <ErrorState error={accept.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={accept.isPending} disabled={reason.trim() === ''}>
            Accept it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
