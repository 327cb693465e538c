import { AppShell } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';

import { useSignInWish } from '@/session/prompt';

import { ConnectionBanner } from './ConnectionBanner';
import { Footer } from './Footer';
import { Header } from './Header';
import { MobileNav } from './MobileNav';
import classes from './Shell.module.css';

const SignInDialog = lazy(() => import('@/session/SignInDialog'));

/** Around every page: header, footer, what is asked over the page, and the way past the header for keyboards. */
export function Shell() {
  const [isOpen, nav] = useDisclosure(false);
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
      <MobileNav opened={isOpen} onClose={nav.close} />
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
