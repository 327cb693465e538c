import { Alert, Anchor, Button, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { messageOf } from '@/api/errors';

import { MailTokenCard } from './MailTokenCard';

export function ForgotPasswordPage() {
  const [email, setEmail] = useState('');
  const forgot = useMutation({
    mutationFn: () => take(client.POST('/auth/forgot-password', { body: { email: email.trim() } })),
  });
  return (
    <MailTokenCard title="Forgot the password" lead="We mail you a token to set a new one. It works once, for an hour.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          forgot.mutate();
        }}
      >
        <Stack>
          {forgot.error && (
            <Alert color="red" role="alert">
              {messageOf(forgot.error)}
            </Alert>
          )}
          {forgot.isSuccess && <Alert role="status">{forgot.data.message}</Alert>}
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Button type="submit" loading={forgot.isPending} disabled={email.trim() === ''}>
            Send the mail
          </Button>
          <Anchor component={Link} to="/reset-password" size="sm" ta="center">
            I have a token
          </Anchor>
        </Stack>
      </form>
    </MailTokenCard>
  );
}
