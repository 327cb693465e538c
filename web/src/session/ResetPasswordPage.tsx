import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { client, take } from '@/api/client';
import { isApiError, messageOf, sentence } from '@/api/errors';

import { MailTokenCard, tokenFromFragment } from './MailTokenCard';

export function ResetPasswordPage() {
  const form = useForm({
    initialValues: { token: tokenFromFragment(), password: '' },
    validate: {
      token: (value) => (value.trim() === '' ? 'Paste the token from the mail' : null),
      password: (value) => (value.length < 8 ? 'At least 8 characters' : null),
    },
  });
  const reset = useMutation({
    mutationFn: (values: { token: string; password: string }) =>
      take(client.POST('/auth/reset-password', { body: { token: values.token.trim(), password: values.password } })),
    onError: (error) => {
      if (isApiError(error)) {
        for (const { field, message } of error.fields) form.setFieldError(field, sentence(message));
      }
    },
  });
  if (reset.isSuccess) {
    return (
      <MailTokenCard title="The password is set" lead="All sessions were ended. Sign in with the new password.">
        <Button component={Link} to="/sign-in">
          Sign in
        </Button>
      </MailTokenCard>
    );
  }
  return (
    <MailTokenCard title="Set a new password" lead="This ends all sessions of the account and revokes its access tokens.">
      <form onSubmit={form.onSubmit((values) => reset.mutate(values))} noValidate>
        <Stack>
          {reset.error && (
            <Alert color="red" role="alert">
              {messageOf(reset.error)}
            </Alert>
          )}
          <TextInput label="Token" autoComplete="off" {...form.getInputProps('token')} />
          <PasswordInput
            label="New password"
            description="8 characters or more"
            autoComplete="new-password"
            {...form.getInputProps('password')}
          />
          <Button type="submit" loading={reset.isPending}>
            Set the password
          </Button>
        </Stack>
      </form>
    </MailTokenCard>
  );
}
