import { Anchor, Paper, Stack, Text, Title } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';

import { notifyDone } from '@/shared/notify';
import { Page } from '@/shared/Page';
import { usePageTitle } from '@/shared/usePageTitle';

import { SignUpForm } from './SignUpForm';
import type { Session } from './store';
import { useSignedIn } from './useSignedIn';

const route = getRouteApi('/sign-up');

export function SignUpPage() {
  usePageTitle('Create an account');
  const { next, as } = route.useSearch();
  const goOn = useSignedIn(next);
  const signedIn = (session: Session) => {
    notifyDone('A mail to verify your address is on its way.', 'Your account is ready');
    goOn(session);
  };
  return (
    <Page size="xs" pt={{ base: 'xl', sm: 64 }}>
      <Paper p={{ base: 'lg', sm: 'xl' }} maw={420} mx="auto">
        <Stack>
          <Title order={1} size="h2">
            Create an account
          </Title>
          <SignUpForm key={as} initialRole={as} onSignedIn={signedIn} />
          <Text size="sm" ta="center">
            You have an account?{' '}
            <Anchor component={Link} to="/sign-in" size="sm">
              Sign in
            </Anchor>
          </Text>
        </Stack>
      </Paper>
    </Page>
  );
}
