import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { queryClient } from '@/api/query';
import { CopyButton } from '@/shared/CopyButton';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';
import { formatAbsolute } from '@/shared/time';

import { shareEnd, shareMake, shareQuery } from '../share';
import type { Execution } from '../types';

interface Props {
  run: Execution;
  until: string | null;
  onClose: () => void;
}

const DAYS = [
  { value: '1', label: 'a day' }, { value: '7', label: '7 days' }, { value: '30', label: '30 days' }, { value: '90', label: '90 days' },
];

/** A link with which others see the run: its outputs and log, not its inputs, and not whose it is. */
export function ShareDialog({ run, until, onClose }: Props) {
  const [days, setDays] = useState('7');
  const settle = () => void queryClient.invalidateQueries({ queryKey: shareQuery(run.id).queryKey });
  const make = useMutation({ mutationFn: () => shareMake(run.id, Number(days)), onSuccess: settle });
  const end = useMutation({
    mutationFn: () => shareEnd(run.id),
    onSuccess: () => {
      settle();
      notifyDone('The link does not work any more.');
      onClose();
    },
  });
  const link = make.data ? `${window.location.origin}/shared/${encodeURIComponent(make.data.token)}` : null;
  return (
    <Modal opened onClose={onClose} title="Share this run">
      <Stack>
        <Text size="sm">
          Whoever has the link sees the outputs, the log and the cost, without signing in. They do not see the inputs, nor whose
          run it is.
        </Text>
        {link ? (
          <>
            <TextInput
              label="The link"
              description={make.data && `It works until ${formatAbsolute(make.data.expires_at)}, and is shown only now.`}
              value={link}
              readOnly
              onFocus={(event) => event.currentTarget.select()}
              rightSection={<CopyButton value={link} label="Copy the link" />}
            />
          </>
        ) : (
          <>
            {until && <Text size="sm">There is a link that works until {formatAbsolute(until)}. A new one replaces it.</Text>}
            <Select label="The link works for" data={DAYS} value={days} onChange={(value) => setDays(value ?? '7')} />
          </>
        )}
        {(make.error ?? end.error) && <ErrorState error={make.error ?? end.error} />}
        <Group justify="flex-end" gap="xs">
          {(until !== null || link !== null) && (
            <Button variant="subtle" color="red" loading={end.isPending} onClick={() => end.mutate()}>
              Stop sharing
            </Button>
          )}
          {link ? (
            <Button onClick={onClose}>Done</Button>
          ) : (
            <Button loading={make.isPending} onClick={() => make.mutate()}>
              Make the link
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
