import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Banknote, Bot, Gauge, ListChecks, LockKeyhole, MessageSquareWarning, ScrollText, Undo2, UserRound, Users } from 'lucide-react';

import { rootRoute } from '@/app/rootRoute';
import { RoleGate } from '@/session/RoleGate';
import { pagingOf } from '@/shared/paging';
import { type SectionItem, SectionLayout } from '@/shared/SectionLayout';

import { auditSearchOf, listSearchOf, refundsSearchOf } from './search';

const ITEMS: SectionItem[] = [
  { label: 'Overview', to: '/console', icon: Gauge, exact: true },
  { label: 'Review queue', to: '/console/reviews', icon: ListChecks },
  { label: 'Developers', to: '/console/developers', icon: Users },
  { label: 'Agents', to: '/console/agents', icon: Bot },
  { label: 'Users', to: '/console/users', icon: UserRound },
  { label: 'Reported reviews', to: '/console/review-reports', icon: MessageSquareWarning },
  { label: 'Refunds', to: '/console/refunds', icon: Undo2 },
  { label: 'Payouts', to: '/console/payouts', icon: Banknote },
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
    validateSearch: pagingOf,
    component: lazyRouteComponent(() => import('./review/ReviewQueuePage'), 'ReviewQueuePage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/reviews/$version',
    component: lazyRouteComponent(() => import('./review/WorkbenchPage'), 'WorkbenchPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/developers',
    validateSearch: listSearchOf,
    component: lazyRouteComponent(() => import('./people/ConsoleDevelopersPage'), 'ConsoleDevelopersPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/agents',
    validateSearch: listSearchOf,
    component: lazyRouteComponent(() => import('./people/ConsoleAgentsPage'), 'ConsoleAgentsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/users',
    validateSearch: listSearchOf,
    component: lazyRouteComponent(() => import('./people/ConsoleUsersPage'), 'ConsoleUsersPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/review-reports',
    validateSearch: pagingOf,
    component: lazyRouteComponent(() => import('./reports/ReviewReportsPage'), 'ReviewReportsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/refunds',
    validateSearch: refundsSearchOf,
    component: lazyRouteComponent(() => import('./money/RefundsPage'), 'RefundsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/payouts',
    validateSearch: pagingOf,
    component: lazyRouteComponent(() => import('./money/ConsolePayoutsPage'), 'ConsolePayoutsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/audit',
    validateSearch: auditSearchOf,
    component: lazyRouteComponent(() => import('./audit/AuditPage'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/security',
    component: lazyRouteComponent(() => import('@/account/SecurityPage'), 'SecurityPage'),
  }),
]);
