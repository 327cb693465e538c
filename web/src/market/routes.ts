import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { rootRoute } from '@/app/rootRoute';

import { agentSearchOf } from './agent/search';
import { exploreSearchOf } from './explore/search';
import { agentQuery, categoriesQuery, exploreQuery, popularQuery, reviewsQuery, versionsQuery } from './queries';

const root = () => rootRoute;

// The loaders ask while the page's code is on its way, and when a pointer rests on a link; pages do not wait for them.
export const marketRoutes = [
  createRoute({
    getParentRoute: root,
    path: '/',
    loader: ({ context: { queryClient } }) => {
      void queryClient.prefetchQuery(popularQuery());
      void queryClient.prefetchQuery(categoriesQuery());
    },
    component: lazyRouteComponent(() => import('./home/HomePage'), 'HomePage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/explore',
    validateSearch: exploreSearchOf,
    loaderDeps: ({ search }) => search,
    loader: ({ context: { queryClient }, deps }) => {
      void queryClient.prefetchQuery(exploreQuery(deps));
    },
    component: lazyRouteComponent(() => import('./explore/ExplorePage'), 'ExplorePage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/a/$slug',
    validateSearch: agentSearchOf,
    loader: ({ context: { queryClient }, params: { slug } }) => {
      void queryClient.prefetchQuery(agentQuery(slug));
      void queryClient.prefetchQuery(versionsQuery(slug));
      void queryClient.prefetchQuery(reviewsQuery(slug, { sort: 'newest', limit: 1 }));
    },
    component: lazyRouteComponent(() => import('./agent/AgentPage'), 'AgentPage'),
  }),
];
