import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Bell, Banknote, Bot, ChartNoAxesColumn, Gauge, History, KeyRound, LockKeyhole, Star, Upload } from 'lucide-react';

import { notificationsSearchOf } from '@/app/notifications';
import { rootRoute } from '@/app/rootRoute';
import { RoleGate } from '@/session/RoleGate';
import { pagingOf, textOf } from '@/shared/paging';
import { type SectionItem, SectionLayout } from '@/shared/SectionLayout';

import { analyticsSearchOf } from './analytics/search';
import { payoutsSearchOf } from './payouts/search';
import { reviewsSearchOf } from './reviews/search';
import { runsSearchOf } from './runs/search';

const ITEMS: SectionItem[] = [
  { label: 'Overview', to: '/studio', icon: Gauge, exact: true },
  { label: 'Agents', to: '/studio/agents', icon: Bot },
  { label: 'Publish', to: '/studio/publish', icon: Upload },
  { label: 'Runs', to: '/studio/runs', icon: History },
  { label: 'Analytics', to: '/studio/analytics', icon: ChartNoAxesColumn },
  { label: 'Reviews', to: '/studio/reviews', icon: Star },
  { label: 'Revenue and payouts', to: '/studio/payouts', icon: Banknote },
  { label: 'Notifications', to: '/studio/notifications', icon: Bell },
  { label: 'Access tokens', to: '/studio/tokens', icon: KeyRound },
  { label: 'Security', to: '/studio/security', icon: LockKeyhole },
];

const layout = createRoute({
  getParentRoute: () => rootRoute,
  path: '/studio',
  component: () => (
    <RoleGate roles={['developer']}>
      <SectionLayout label="Studio" items={ITEMS} />
    </RoleGate>
  ),
});

/** The agent that a new version is of, when one comes from its page. */
function publishSearchOf(search: Record<string, unknown>): { agent?: string } {
  const agent = textOf(search.agent, 64);
  return agent === undefined ? {} : { agent };
}

export const studioRoutes = layout.addChildren([
  createRoute({
    getParentRoute: () => layout,
    path: '/',
    component: lazyRouteComponent(() => import('./StudioOverviewPage'), 'StudioOverviewPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/agents',
    component: lazyRouteComponent(() => import('./agents/StudioAgentsPage'), 'StudioAgentsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/agents/$agent',
    component: lazyRouteComponent(() => import('./agents/StudioAgentPage'), 'StudioAgentPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/agents/$agent/versions/$version',
    component: lazyRouteComponent(() => import('./agents/StudioVersionPage'), 'StudioVersionPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/publish',
    validateSearch: publishSearchOf,
    component: lazyRouteComponent(() => import('./publish/PublishPage'), 'PublishPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/runs',
    validateSearch: runsSearchOf,
    component: lazyRouteComponent(() => import('./runs/StudioRunsPage'), 'StudioRunsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/runs/$run',
    component: lazyRouteComponent(() => import('./runs/StudioRunPage'), 'StudioRunPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/analytics',
    validateSearch: analyticsSearchOf,
    component: lazyRouteComponent(() => import('./analytics/StudioAnalyticsPage'), 'StudioAnalyticsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/reviews',
    validateSearch: reviewsSearchOf,
    component: lazyRouteComponent(() => import('./reviews/StudioReviewsPage'), 'StudioReviewsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/payouts',
    validateSearch: payoutsSearchOf,
    component: lazyRouteComponent(() => import('./payouts/StudioPayoutsPage'), 'StudioPayoutsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/payouts/$payout',
    validateSearch: pagingOf,
    component: lazyRouteComponent(() => import('./payouts/StudioPayoutPage'), 'StudioPayoutPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/notifications',
    validateSearch: notificationsSearchOf,
    component: lazyRouteComponent(() => import('@/account/NotificationsPage'), 'NotificationsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/tokens',
    component: lazyRouteComponent(() => import('@/account/TokensPage'), 'TokensPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/security',
    component: lazyRouteComponent(() => import('@/account/SecurityPage'), 'SecurityPage'),
  }),
]);
