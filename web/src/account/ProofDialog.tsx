import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { isApiError, messageOf } from '@/api/errors';
import type { Schemas } from '@/api/types';
import { ErrorState } from '@/shared/ErrorState';

interface Props {
  title: string;
  text: ReactNode;
  confirm: string;
  /** Whether the account has a second factor, whose code is asked for. */
  hasFactor: boolean;
  danger?: boolean;
  /** A word to type, for what cannot be undone. */
  typed?: string;
  act: (proof: Schemas['ProofRequest']) => Promise<void>;
  onClose: () => void;
}

/** Proving once more that it is oneself, for what a session alone must not do. */
export function ProofDialog({ title, text, confirm, hasFactor, danger = false, typed, act, onClose }: Props) {
  const form = useForm({
    initialValues: { password: '', otp: '', typed: '' },
    validate: {
      password: (value) => (value === '' ? 'Enter your password.' : null),
      otp: (value) => (hasFactor && value.trim() === '' ? 'Enter a code, or a recovery code.' : null),
      typed: (value) => (typed && value.trim() !== typed ? `Type “${typed}” to go on.` : null),
    },
  });
  const work = useMutation({
    mutationFn: ({ password, otp }: typeof form.values) => act({ password, ...(hasFactor ? { otp: otp.trim() } : {}) }),
    onSuccess: onClose,
    onError: (error) => {
      if (isApiError(error, 'INVALID_CREDENTIALS')) form.setFieldError('password', 'That is not your password.');
      else if (isApiError(error, 'INVALID_OTP', 'OTP_REQUIRED')) form.setFieldError('otp', messageOf(error));
    },
  });
  return (
    <Modal opened onClose={onClose} title={title}>
      <form noValidate onSubmit={form.onSubmit((values) => work.mutate(values))}>
        <Stack>
          <Text size="sm" component="div">
            {text}
          </Text>
          <PasswordInput label="Your password" autoComplete="current-password" data-autofocus {...form.getInputProps('password')} />
          {hasFactor && (
            <TextInput label="Code from your authenticator app" description="Or a recovery code." autoComplete="one-time-code" {...form.getInputProps('otp')} />
          )}
          {typed && <TextInput label={`Type “${typed}”`} autoComplete="off" {...form.getInputProps('typed')} />}
          {work.error && Object.keys(form.errors).length === 0 && <ErrorState error={work.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color={danger ? 'red' : undefined} loading={work.isPending}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
