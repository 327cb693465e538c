import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Bot, Gauge, ListChecks, LockKeyhole, ScrollText, Undo2, Users } from 'lucide-react';

import { rootRoute } from '@/app/rootRoute';
import { RoleGate } from '@/session/RoleGate';
import { type SectionItem, SectionLayout } from '@/shared/SectionLayout';

const ITEMS: SectionItem[] = [
  { label: 'Overview', to: '/console', icon: Gauge, exact: true },
  { label: 'Review queue', to: '/console/reviews', icon: ListChecks },
  { label: 'Developers', to: '/console/developers', icon: Users },
  { label: 'Agents', to: '/console/agents', icon: Bot },
  { label: 'Refunds', to: '/console/refunds', icon: Undo2 },
  { label: 'Audit log', to: '/console/audit', icon: ScrollText },
  { label: 'Security', to: '/console/security', icon: LockKeyhole },
];

const layout = createRoute({
  getParentRoute: () => rootRoute,
  path: '/console',
  component: () => (
    <RoleGate roles={['admin']}>
      <SectionLayout label="Console" items={ITEMS} />
    </RoleGate>
  ),
});

export const consoleRoutes = layout.addChildren([
  createRoute({
    getParentRoute: () => layout,
    path: '/',
    component: lazyRouteComponent(() => import('./ConsoleOverviewPage'), 'ConsoleOverviewPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/reviews',
    component: lazyRouteComponent(() => import('./ReviewQueuePage'), 'ReviewQueuePage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/developers',
    component: lazyRouteComponent(() => import('./ConsoleDevelopersPage'), 'ConsoleDevelopersPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/agents',
    component: lazyRouteComponent(() => import('./ConsoleAgentsPage'), 'ConsoleAgentsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/refunds',
    component: lazyRouteComponent(() => import('./RefundsPage'), 'RefundsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/audit',
    component: lazyRouteComponent(() => import('./AuditPage'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/security',
    component: lazyRouteComponent(() => import('@/account/SecurityPage'), 'SecurityPage'),
  }),
]);
