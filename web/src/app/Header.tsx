import { ActionIcon, Burger, Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, useRouterState } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { lazy, Suspense } from 'react';

import { useSession } from '@/session/store';

import classes from './Header.module.css';
import { Logo } from './Logo';
import { navFor } from './nav';
import { SearchBox } from './SearchBox';
import { SchemeSwitch } from './SchemeSwitch';

const AccountCorner = lazy(() => import('./AccountCorner'));
const SearchDialog = lazy(() => import('./SearchDialog'));

interface Props {
  isNavOpen: boolean;
  onNavToggle: () => void;
}

export function Header({ isNavOpen, onNavToggle }: Props) {
  const session = useSession();
  // These two have a search of their own in the page.
  const hasOwnSearch = useRouterState({ select: (state) => ['/', '/explore'].includes(state.location.pathname) });
  const [isSearching, search] = useDisclosure(false);
  return (
    <div className={classes.bar}>
      <Burger
        opened={isNavOpen}
        onClick={onNavToggle}
        hiddenFrom="sm"
        size="sm"
        aria-label={isNavOpen ? 'Close the menu' : 'Open the menu'}
        aria-expanded={isNavOpen}
      />
      <Link to="/" className={classes.logo} aria-label="FrameOS home">
        <Logo />
      </Link>
      <nav aria-label="Main" className={classes.nav}>
        {navFor(session?.role).map((item) => (
          <Link key={item.to} to={item.to} className={classes.link} activeProps={{ 'aria-current': 'page' }}>
            {item.label}
          </Link>
        ))}
      </nav>
      <div className={classes.search}>{!hasOwnSearch && <SearchBox hotkey />}</div>
      <Group gap={6} wrap="nowrap" className={classes.right}>
        {!hasOwnSearch && (
          <ActionIcon variant="subtle" color="gray" size="lg" hiddenFrom="sm" aria-label="Search agents" onClick={search.open}>
            <Search size={19} aria-hidden />
          </ActionIcon>
        )}
        {session ? (
          <Suspense fallback={<div className={classes.corner} data-wide={session.role !== 'admin' || undefined} />}>
            <AccountCorner session={session} />
          </Suspense>
        ) : (
          <>
            <SchemeSwitch visibleFrom="sm" />
            <Button component={Link} to="/sign-in" variant="subtle" color="gray" size="sm" px={{ base: 8, sm: 14 }}>
              Sign in
            </Button>
            <Button component={Link} to="/sign-up" size="sm" visibleFrom="xs">
              Sign up
            </Button>
          </>
        )}
      </Group>
      {isSearching && (
        <Suspense fallback={null}>
          <SearchDialog onClose={search.close} />
        </Suspense>
      )}
    </div>
  );
}
