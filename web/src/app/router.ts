/** All routes of the UI. Each feature lists its own in `src/<feature>/routes.ts`. */
import { createRouter } from '@tanstack/react-router';

import { queryClient } from '@/api/query';
import { consoleRoutes } from '@/console/routes';
import { dashboardRoutes } from '@/dashboard/routes';
import { marketRoutes } from '@/market/routes';
import { runRoutes } from '@/runs/routes';
import { sessionRoutes } from '@/session/routes';
import { studioRoutes } from '@/studio/routes';

import { rootRoute } from './rootRoute';
import { Pending } from './Pending';

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    ...marketRoutes,
    ...sessionRoutes,
    ...runRoutes,
    dashboardRoutes,
    studioRoutes,
    consoleRoutes,
  ]),
  context: { queryClient },
  // Only what a route's `validateSearch` let through.
  search: { strict: true },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 150,
  defaultPendingMinMs: 200,
  defaultPendingComponent: Pending,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
