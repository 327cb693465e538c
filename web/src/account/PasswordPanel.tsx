import { Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError, messageOf, sentence } from '@/api/errors';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';
import { Panel } from '@/shared/Panel';

export function PasswordPanel({ me }: { me: Schemas['Me'] }) {
  const form = useForm({
    initialValues: { current_password: '', new_password: '', otp: '' },
    validate: {
      current_password: (text) => (text === '' ? 'Enter the password you have now.' : null),
      new_password: (text) => (text.length < 8 ? 'It takes at least 8 characters.' : null),
      otp: (text) => (me.two_factor && text.trim() === '' ? 'Enter a code of your authenticator.' : null),
    },
  });
  const change = useMutation({
    mutationFn: ({ otp, ...passwords }: typeof form.values) =>
      take(client.POST('/me/password', { body: { ...passwords, ...(me.two_factor ? { otp: otp.trim() } : {}) } })),
    onSuccess: () => {
      form.reset();
      notifyDone('The password is changed. Your other sessions have ended.');
      void queryClient.invalidateQueries({ queryKey: ['account'] });
    },
    onError: (error) => {
      if (isApiError(error, 'INVALID_CREDENTIALS')) form.setFieldError('current_password', 'That is not your password.');
      else if (isApiError(error, 'INVALID_OTP', 'OTP_REQUIRED')) form.setFieldError('otp', messageOf(error));
      else if (isApiError(error)) form.setErrors(Object.fromEntries(error.fields.map(({ field, message }) => [field, sentence(message)])));
    },
  });
  return (
    <Panel title="Password" description="A new one ends all other sessions.">
      <form noValidate onSubmit={form.onSubmit((values) => change.mutate(values))}>
        <Stack maw={420}>
          {/* Password managers want to know whose it is. */}
          <input type="text" autoComplete="username" value={me.email} readOnly hidden />
          <PasswordInput label="Current password" autoComplete="current-password" {...form.getInputProps('current_password')} />
          <PasswordInput label="New password" autoComplete="new-password" description="8 to 256 characters, and none of the common ones." {...form.getInputProps('new_password')} />
          {me.two_factor && <TextInput label="Code from your authenticator app" inputMode="numeric" autoComplete="one-time-code" {...form.getInputProps('otp')} />}
          {change.error && Object.keys(form.errors).length === 0 && <ErrorState error={change.error} title="The password was not changed" />}
          <Group>
            <Button type="submit" loading={change.isPending}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
