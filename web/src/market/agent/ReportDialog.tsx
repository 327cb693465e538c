import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { messageOf } from '@/api/errors';
import { notifyDone } from '@/shared/notify';

interface Props {
  agent: string;
  review: string;
  opened: boolean;
  onClose: () => void;
}

const LONGEST = 500;

/** Tells the administrators about a review that should not stand. */
export function ReportDialog({ agent, review, opened, onClose }: Props) {
  const [reason, setReason] = useState('');
  const report = useMutation({
    mutationFn: () =>
      take(client.POST('/agents/{agent}/reviews/{review}/report', { params: { path: { agent, review } }, body: { reason: reason.trim() } })),
    onSuccess: () => {
      setReason('');
      onClose();
      notifyDone('Thank you. An administrator will look at the review.');
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="Report this review">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          report.mutate();
        }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            An administrator reads your report and hides the review if it breaks the rules. That somebody dislikes an agent is no reason.
          </Text>
          {report.error && (
            <Alert color="red" role="alert">
              {messageOf(report.error)}
            </Alert>
          )}
          <Textarea
            label="What is wrong with it"
            data-autofocus
            maxLength={LONGEST}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={report.isPending} disabled={reason.trim() === ''}>
              Report
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
