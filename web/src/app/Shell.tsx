import { AppShell } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';

import { useSignInWish } from '@/session/prompt';

import { ConnectionBanner } from './ConnectionBanner';
import { Footer } from './Footer';
import { Header } from './Header';
import classes from './Shell.module.css';

const MobileNav = lazy(() => import('./MobileNav'));
const SignInDialog = lazy(() => import('@/session/SignInDialog'));

/** Around every page: header, footer, what is asked over the page, and the way past the header for keyboards. */
export function Shell() {
  // Stays once it was opened, so that closing it can be seen.
  const [wasOpen, setWasOpen] = useState(false);
  const [isOpen, nav] = useDisclosure(false, { onOpen: () => setWasOpen(true) });
  const path = useRouterState({ select: (state) => state.location.pathname });
  const wish = useSignInWish();
  const { close } = nav;
  useEffect(() => close(), [path, close]);
  return (
    <AppShell header={{ height: 60 }} padding={0}>
      <a className={classes.skip} href="#main">
        Skip to content
      </a>
      <AppShell.Header className={classes.header}>
        <Header isNavOpen={isOpen} onNavToggle={nav.toggle} />
      </AppShell.Header>
      {(isOpen || wasOpen) && (
        <Suspense fallback={null}>
          <MobileNav opened={isOpen} onClose={nav.close} />
        </Suspense>
      )}
      <AppShell.Main id="main" tabIndex={-1} className={classes.main}>
        <ConnectionBanner />
        <div className={classes.page}>
          <Outlet />
        </div>
        <Footer />
      </AppShell.Main>
      {wish && (
        <Suspense fallback={null}>
          <SignInDialog wish={wish} />
        </Suspense>
      )}
    </AppShell>
  );
}
