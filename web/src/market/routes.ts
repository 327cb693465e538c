import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { rootRoute } from '@/app/rootRoute';

import { agentSearchOf } from './agent/search';
import { exploreSearchOf } from './explore/search';

const root = () => rootRoute;

export const marketRoutes = [
  createRoute({
    getParentRoute: root,
    path: '/',
    component: lazyRouteComponent(() => import('./home/HomePage'), 'HomePage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/explore',
    validateSearch: exploreSearchOf,
    component: lazyRouteComponent(() => import('./explore/ExplorePage'), 'ExplorePage'),
  }),
  createRoute({
    getParentRoute: root,
    path: '/a/$slug',
    validateSearch: agentSearchOf,
    component: lazyRouteComponent(() => import('./agent/AgentPage'), 'AgentPage'),
  }),
];
