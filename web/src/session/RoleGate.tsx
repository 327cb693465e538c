import { Button, Group, Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { UserRoundX } from 'lucide-react';
import { lazy, type ReactNode, Suspense } from 'react';

import { navFor } from '@/app/nav';
import { EmptyState } from '@/shared/EmptyState';
import { Page } from '@/shared/Page';

import { signOut } from './signOut';
import { type Role, useSession } from './store';

const SignInCard = lazy(() => import('./SignInCard').then((module) => ({ default: module.SignInCard })));

const NOUN: Record<Role, string> = { user: 'user', developer: 'developer', admin: 'administrator' };

interface Props {
  roles: Role[];
  children: ReactNode;
}

/** Shows what is behind it to these roles; others are asked to sign in right here, or told why not. */
export function RoleGate({ roles, children }: Props) {
  const session = useSession();
  if (!session) {
    return (
      <Page size="xs">
        <Suspense fallback={<Skeleton h={400} maw={420} mx="auto" radius="lg" />}>
          <SignInCard reason="Sign in to see this page." />
        </Suspense>
      </Page>
    );
  }
  if (!roles.includes(session.role)) {
    const home = navFor(session.role).at(-1);
    return (
      <Page>
        <EmptyState
          order={1}
          icon={UserRoundX}
          title={`This page is for ${roles.map((role) => NOUN[role]).join(' and ')} accounts`}
          action={
            <Group justify="center">
              {home && (
                <Button component={Link} to={home.to}>
                  Go to {home.label}
                </Button>
              )}
              <Button variant="default" onClick={() => void signOut()}>
                Sign out
              </Button>
            </Group>
          }
        >
          You are signed in with a {NOUN[session.role]} account.
        </EmptyState>
      </Page>
    );
  }
  return children;
}
