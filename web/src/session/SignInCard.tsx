import { Anchor, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';

import { SignInForm } from './SignInForm';
import type { Session } from './store';

interface Props {
  reason?: string;
  onSignedIn?: (session: Session) => void;
}

/** Signing in as a page's content. */
export function SignInCard({ reason, onSignedIn }: Props) {
  return (
    <Paper p={{ base: 'lg', sm: 'xl' }} maw={420} mx="auto">
      <Stack>
        <div>
          <Title order={1} size="h2">
            Sign in
          </Title>
          {reason && (
            <Text c="dimmed" size="sm" mt={4}>
              {reason}
            </Text>
          )}
        </div>
        <SignInForm onSignedIn={(session) => onSignedIn?.(session)} />
        <Text size="sm" ta="center">
          New here?{' '}
          <Anchor component={Link} to="/sign-up" size="sm">
            Create an account
          </Anchor>
        </Text>
      </Stack>
    </Paper>
  );
}
