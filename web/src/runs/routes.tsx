import { createRoute, lazyRouteComponent, Outlet } from '@tanstack/react-router';

import { rootRoute } from '@/app/rootRoute';
import { RoleGate } from '@/session/RoleGate';

import { runsSearchOf } from './search';

const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs',
  component: () => (
    <RoleGate roles={['user']}>
      <Outlet />
    </RoleGate>
  ),
});

const ownRuns = runsRoute.addChildren([
  createRoute({
    getParentRoute: () => runsRoute,
    path: '/',
    validateSearch: runsSearchOf,
    component: lazyRouteComponent(() => import('./RunsPage'), 'RunsPage'),
  }),
  createRoute({
    getParentRoute: () => runsRoute,
    path: '$id',
    component: lazyRouteComponent(() => import('./RunPage'), 'RunPage'),
  }),
]);

/** Runs of one's own, and those that others shared by a link. */
export const runRoutes = [
  ownRuns,
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/shared/$token',
    component: lazyRouteComponent(() => import('./SharedRunPage'), 'SharedRunPage'),
  }),
];
