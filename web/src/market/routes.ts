import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { rootRoute } from '@/app/rootRoute';

import { agentSearchOf } from './agent/search';
import { exploreSearchOf } from './explore/search';
import { HomePage } from './home/HomePage';
import { agentQuery, categoriesQuery, exploreQuery, popularQuery, reviewsQuery, versionsQuery } from './queries';

const root = () => rootRoute;

const PATIENCE_MS = 100;
/** Of a page whose text is there to read. */
const READING_PATIENCE_MS = 5_000;

// The loaders ask while the page's code is on its way, and when a pointer rests on a link.
export const marketRoutes = [
  createRoute({
    getParentRoute: root,
    path: '/',
    loader: ({ cause, context: { queryClient } }) =>
      soon(cause, [queryClient.prefetchQuery(popularQuery()), queryClient.prefetchQuery(categoriesQuery())]),
    component: HomePage,
  }),
  createRoute({
    getParentRoute: root,
    path: '/explore',
    validateSearch: exploreSearchOf,
    loaderDeps: ({ search }) => search,
    loader: ({ cause, context: { queryClient }, deps }) => soon(cause, [queryClient.prefetchQuery(exploreQuery(deps))]),
    component: lazyRouteComponent(() => import('./explore/ExplorePage'), 'ExplorePage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/a/$slug',
    validateSearch: agentSearchOf,
    loader: ({ cause, context: { queryClient }, params: { slug } }) =>
      soon(cause, [
        queryClient.prefetchQuery(agentQuery(slug)),
        queryClient.prefetchQuery(versionsQuery(slug)),
        queryClient.prefetchQuery(reviewsQuery(slug, { sort: 'newest', limit: 1 })),
      ]),
    component: lazyRouteComponent(() => import('./agent/AgentPage'), 'AgentPage'),
  }),
];

/**
 * When all of `asked` has come, or it takes long: an answer that comes at once needs no shapes before it, and while there is
 * something to read, no shapes should take its place for seconds.
 */
async function soon(cause: 'preload' | 'enter' | 'stay', asked: Promise<void>[]): Promise<void> {
  if (cause === 'stay') return;
  await Promise.race([Promise.all(asked), new Promise((resolve) => setTimeout(resolve, patience()))]);
}

function patience(): number {
  return document.querySelector('.boot main') ? READING_PATIENCE_MS : PATIENCE_MS;
}
