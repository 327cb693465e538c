import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { Banknote, Bot, ChartNoAxesColumn, Gauge, KeyRound, LockKeyhole, Star, Upload } from 'lucide-react';

import { rootRoute } from '@/app/rootRoute';
import { RoleGate } from '@/session/RoleGate';
import { type SectionItem, SectionLayout } from '@/shared/SectionLayout';

const ITEMS: SectionItem[] = [
  { label: 'Overview', to: '/studio', icon: Gauge, exact: true },
  { label: 'Agents', to: '/studio/agents', icon: Bot },
  { label: 'Publish', to: '/studio/publish', icon: Upload },
  { label: 'Analytics', to: '/studio/analytics', icon: ChartNoAxesColumn },
  { label: 'Reviews', to: '/studio/reviews', icon: Star },
  { label: 'Revenue and payouts', to: '/studio/payouts', icon: Banknote },
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

export const studioRoutes = layout.addChildren([
  createRoute({
    getParentRoute: () => layout,
    path: '/',
    component: lazyRouteComponent(() => import('./StudioOverviewPage'), 'StudioOverviewPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/agents',
    component: lazyRouteComponent(() => import('./StudioAgentsPage'), 'StudioAgentsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/publish',
    component: lazyRouteComponent(() => import('./PublishPage'), 'PublishPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/analytics',
    component: lazyRouteComponent(() => import('./StudioAnalyticsPage'), 'StudioAnalyticsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/reviews',
    component: lazyRouteComponent(() => import('./StudioReviewsPage'), 'StudioReviewsPage'),
  }),
  createRoute({
    getParentRoute: () => layout,
    path: '/payouts',
    component: lazyRouteComponent(() => import('./StudioPayoutsPage'), 'StudioPayoutsPage'),
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
