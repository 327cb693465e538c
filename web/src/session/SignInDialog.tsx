import { Anchor, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { signInAnswer, type SignInWish } from './prompt';
import { SignInForm } from './SignInForm';
import { SignUpForm } from './SignUpForm';

/** Signing in over the page: what was begun on it goes on afterwards. */
export default function SignInDialog({ wish }: { wish: SignInWish }) {
  const [isNew, setNew] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const signedIn = (session: { role: string }) => {
    if (wish.role && session.role !== wish.role) setWrong(true);
    else signInAnswer(true);
  };
  const noun = wish.role === 'developer' ? 'a developer' : wish.role === 'admin' ? 'an administrator' : 'a user';
  return (
    <Modal opened onClose={() => signInAnswer(false)} title={isNew ? 'Create an account' : 'Sign in'} size="sm">
      {isWrong ? (
        <Stack>
          <Text size="sm">You are signed in, but this takes {noun} account. Sign in with one, or leave it.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => signInAnswer(false)}>
              Leave it
            </Button>
            <Button onClick={() => setWrong(false)}>Use another account</Button>
          </Group>
        </Stack>
      ) : (
        <Stack>
          <Text size="sm" c="dimmed">
            {wish.reason}
          </Text>
          {isNew && wish.role !== 'admin' ? (
            <SignUpForm role={wish.role} onSignedIn={signedIn} />
          ) : (
            <SignInForm onSignedIn={signedIn} onForgotten={() => signInAnswer(false)} />
          )}
          {!wish.expired && wish.role !== 'admin' && (
            <Text size="sm" ta="center">
              {isNew ? 'You have an account? ' : 'New here? '}
              <Anchor component="button" type="button" size="sm" onClick={() => setNew(!isNew)}>
                {isNew ? 'Sign in' : 'Create an account'}
              </Anchor>
            </Text>
          )}
        </Stack>
      )}
    </Modal>
  );
}
