import { Button, Code, Group, Modal, PinInput, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { isApiError } from '@/api/errors';
import { CopyButton } from '@/shared/CopyButton';
import { ErrorState } from '@/shared/ErrorState';

import { QrCode } from './QrCode';
import { factorConfirm } from './secondFactor';

interface Props {
  onClose: () => void;
  onDone: (recoveryCodes: string[]) => void;
}

/** Setting up a second factor: scan, then prove that it works. Nothing is in force before that. */
export function EnrollDialog({ onClose, onDone }: Props) {
  const [code, setCode] = useState('');
  const enrolled = useQuery({
    queryKey: ['account', 'enroll'],
    queryFn: () => take(client.POST('/me/2fa/enroll')),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const confirm = useMutation({
    mutationFn: factorConfirm,
    onSuccess: onDone,
    onError: () => setCode(''),
  });
  const isWrong = isApiError(confirm.error, 'INVALID_OTP', 'VALIDATION_FAILED');
  return (
    <Modal opened onClose={onClose} title="Set up a second factor">
      {enrolled.error ? (
        <ErrorState error={enrolled.error} onRetry={() => void enrolled.refetch()} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            confirm.mutate(code);
          }}
        >
          <Stack>
            <Text size="sm">
              1. Scan this with an authenticator app, such as Aegis, Google Authenticator or 1Password.
            </Text>
            <Group justify="center" aria-busy={!enrolled.data}>
              {enrolled.data ? <QrCode text={enrolled.data.otpauth_url} label="QR code for your authenticator app" /> : <Skeleton w={196} h={196} />}
            </Group>
            {enrolled.data && (
              <Group gap={4} justify="center">
                <Text size="xs" c="dimmed">
                  Or type
                </Text>
                <Code style={{ overflowWrap: 'anywhere' }}>{enrolled.data.secret.match(/.{1,4}/g)?.join(' ')}</Code>
                <CopyButton value={enrolled.data.secret} label="Copy the secret" />
              </Group>
            )}
            <Text size="sm" id="enroll-code">
              2. Enter the six digits it shows.
            </Text>
            <Group justify="center">
              <PinInput
                length={6}
                type="number"
                oneTimeCode
                value={code}
                onChange={setCode}
                onComplete={(whole) => confirm.mutate(whole)}
                error={isWrong}
                disabled={confirm.isPending || !enrolled.data}
                aria-labelledby="enroll-code"
                getInputProps={(index) => ({ 'aria-label': `Digit ${index + 1} of 6` })}
              />
            </Group>
            {confirm.error &&
              (isWrong ? (
                <Text size="sm" c="var(--mantine-color-error)" role="alert" ta="center">
                  That code does not fit. Wait for the next one and try again.
                </Text>
              ) : (
                <ErrorState error={confirm.error} />
              ))}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={confirm.isPending} disabled={code.length < 6}>
                Turn it on
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
