import { getRouteApi } from '@tanstack/react-router';

import { Page } from '@/shared/Page';
import { usePageTitle } from '@/shared/usePageTitle';

import { SignInCard } from './SignInCard';
import { useSignedIn } from './useSignedIn';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  usePageTitle('Sign in');
  const { next } = route.useSearch();
  return (
    <Page size="xs" pt={{ base: 'xl', sm: 64 }}>
      <SignInCard onSignedIn={useSignedIn(next)} />
    </Page>
  );
}
