import { NavLink } from '@mantine/core';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import type { LucideIcon } from 'lucide-react';
import { useEffect, useRef } from 'react';

import classes from './SectionLayout.module.css';

export interface SectionItem {
  label: string;
  to: string;
  icon: LucideIcon;
  /** Only at exactly this address: for a section's first page. */
  exact?: boolean;
}

/** A part of the product with pages of its own: their list beside the page, above it on a phone. */
export function SectionLayout({ label, items }: { label: string; items: SectionItem[] }) {
  const nav = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    // On a phone the list is a strip; where one is must be in sight.
    const show = () => {
      const here = nav.current?.querySelector<HTMLElement>('[aria-current="page"]');
      if (nav.current && here) nav.current.scrollLeft = here.offsetLeft - (nav.current.clientWidth - here.offsetWidth) / 2;
    };
    show();
    window.addEventListener('resize', show);
    return () => window.removeEventListener('resize', show);
  }, [path]);
  return (
    <div className={classes.layout}>
      <nav ref={nav} aria-label={label} className={classes.nav}>
        {items.map((item) => (
          <NavLink
            key={item.to}
            component={Link}
            to={item.to}
            activeOptions={{ exact: item.exact ?? false, includeSearch: false }}
            activeProps={{ 'data-active': true, 'aria-current': 'page' }}
            label={item.label}
            leftSection={<item.icon size={17} strokeWidth={1.9} aria-hidden />}
            className={classes.link}
          />
        ))}
      </nav>
      <div className={classes.content}>
        <Outlet />
      </div>
    </div>
  );
}
