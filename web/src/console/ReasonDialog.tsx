import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

export interface Act {
  title: string;
  /** What will happen. */
  says: ReactNode;
  /** The verb: "Suspend". */
  verb: string;
  danger?: boolean;
  isReasonNeeded?: boolean;
  /** Whether whom it concerns reads the reason. */
  isTold?: boolean;
  done: string;
  run: (reason: string | null) => Promise<unknown>;
}

interface Props {
  act: Act | null;
  onClose: () => void;
  /** What to ask again afterwards. */
  onDone: () => Promise<unknown>;
}

/** Asks for the reason of an act that somebody will read, and does it. */
export function ReasonDialog({ act, onClose, onDone }: Props) {
  return (
    <Modal opened={act !== null} onClose={onClose} title={act?.title}>
      {act && <ReasonForm act={act} onClose={onClose} onDone={onDone} />}
    </Modal>
  );
}

function ReasonForm({ act, onClose, onDone }: Props & { act: Act }) {
  const [reason, setReason] = useState('');
  const run = useMutation({
    mutationFn: () => act.run(reason.trim() || null),
    onSuccess: async () => {
      await onDone();
      notifyDone(act.done);
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        run.mutate();
      }}
    >
      <Stack gap="md">
        <Text size="sm" component="div">
          {act.says}
        </Text>
        <Textarea
          label="Reason"
          description={act.isTold ? 'Kept in the audit log, and told to whom it concerns' : 'Kept in the audit log'}
          withAsterisk={act.isReasonNeeded}
          value={reason}
          maxLength={1000}
          data-autofocus
          onChange={({ currentTarget: { value } }) => setReason(value)}
        />
        {run.error && <ErrorState error={run.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={act.danger ? 'red' : undefined}
            loading={run.isPending}
            disabled={act.isReasonNeeded && reason.trim() === ''}
          >
            {act.verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
