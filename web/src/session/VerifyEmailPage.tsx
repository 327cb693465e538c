import { Alert, Button, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { MailCheck } from 'lucide-react';
import { useEffect, useState } from 'react';

import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import { messageOf } from '@/api/errors';

import { MailTokenCard, tokenFromFragment } from './MailTokenCard';
import { meQuery } from './me';
import { useSession } from './store';

/** Proves an e-mail address with the token that was mailed to it. */
export function VerifyEmailPage() {
  const [token, setToken] = useState(tokenFromFragment);
  const [arrivedWith] = useState(token);
  const verify = useMutation({
    mutationFn: (sent: string) => take(client.POST('/auth/verify-email', { body: { token: sent } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['me'] }),
  });
  const { mutate } = verify;
  useEffect(() => {
    if (arrivedWith !== '') mutate(arrivedWith);
  }, [arrivedWith, mutate]);

  if (verify.isSuccess) {
    return (
      <MailTokenCard title="Address verified" lead="You can publish, top up and subscribe now.">
        <Button component={Link} to="/" leftSection={<MailCheck size={16} aria-hidden />}>
          Go on
        </Button>
      </MailTokenCard>
    );
  }
  return (
    <MailTokenCard title="Verify your e-mail address" lead="Paste the token from the mail, or have it sent again.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') mutate(token.trim());
        }}
      >
        <Stack>
          {verify.error && (
            <Alert color="red" role="alert">
              {messageOf(verify.error)}
            </Alert>
          )}
          <TextInput
            label="Token"
            autoComplete="off"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <Button type="submit" loading={verify.isPending} disabled={token.trim() === ''}>
            Verify
          </Button>
        </Stack>
      </form>
      <Resend />
    </MailTokenCard>
  );
}

function Resend() {
  const session = useSession();
  const { data: me } = useQuery({ ...meQuery(), enabled: session !== null });
  const [email, setEmail] = useState('');
  const address = me?.email ?? email.trim();
  const resend = useMutation({
    mutationFn: () => take(client.POST('/auth/resend-verification', { body: { email: address } })),
  });
  if (me?.verified_email) return <Alert color="green">The address {me.email} is verified already.</Alert>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        resend.mutate();
      }}
    >
      <Stack gap="sm">
        {!me && (
          <TextInput
            label="E-mail"
            type="email"
            autoComplete="username"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
        )}
        <Button type="submit" variant="default" loading={resend.isPending} disabled={address === ''}>
          {me ? `Send it to ${me.email} again` : 'Send the mail again'}
        </Button>
        {resend.isSuccess && <Alert role="status">{resend.data.message}</Alert>}
        {resend.error && (
          <Alert color="red" role="alert">
            {messageOf(resend.error)}
          </Alert>
        )}
      </Stack>
    </form>
  );
}
