import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

interface Props {
  path: { agent: string; review: string };
  isOpen: boolean;
  onClose: () => void;
}

/** Asks an administrator to look at a review. */
export function ReportDialog({ path, isOpen, onClose }: Props) {
  const [reason, setReason] = useState('');
  const send = useMutation({
    mutationFn: () =>
      take(client.POST('/agents/{agent}/reviews/{review}/report', { params: { path }, body: { reason: reason.trim() } })),
    onSuccess: () => {
      notifyDone('Thank you: an administrator will look at it.');
      onClose();
    },
  });
  return (
    <Modal opened={isOpen} onClose={onClose} title="Report the review">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <Stack gap="md">
          <Text size="sm">An administrator decides whether it is hidden. It stays until then.</Text>
          <Textarea
            label="What is wrong with it"
            value={reason}
            maxLength={500}
            data-autofocus
            onChange={({ currentTarget: { value } }) => setReason(value)}
          />
          {send.error && <ErrorState error={send.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={send.isPending} disabled={reason.trim() === ''}>
              Report it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
