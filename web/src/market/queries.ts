/** What the marketplace asks the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';

import type { ExploreSearch } from './explore/search';
import type { AgentListQuery, ReviewQuery } from './types';

export const agentsQuery = (query: AgentListQuery) =>
  queryOptions({
    queryKey: ['agents', 'list', query],
    queryFn: ({ signal }) => take(client.GET('/agents', { params: { query }, signal })),
  });

/** How many agents a page of the list has. */
export const EXPLORE_LIMIT = 24;
/** How many agents a shelf of the front page has. */
export const SHELF = 6;

export const exploreQuery = (search: ExploreSearch) => agentsQuery({ ...search, facets: true, limit: EXPLORE_LIMIT });
export const popularQuery = () => agentsQuery({ sort: 'popularity', limit: SHELF });

export const categoriesQuery = () =>
  queryOptions({
    queryKey: ['agents', 'categories'],
    queryFn: ({ signal }) => take(client.GET('/categories', { signal })),
    staleTime: 60_000,
  });

export const agentQuery = (agent: string) =>
  queryOptions({
    queryKey: ['agents', 'one', agent],
    queryFn: ({ signal }) => take(client.GET('/agents/{agent}', { params: { path: { agent } }, signal })),
  });

export const versionsQuery = (agent: string) =>
  queryOptions({
    queryKey: ['agents', 'versions', agent],
    queryFn: ({ signal }) => take(client.GET('/agents/{agent}/versions', { params: { path: { agent } }, signal })),
  });

export const reviewsQuery = (agent: string, query: ReviewQuery) =>
  queryOptions({
    queryKey: ['agents', 'reviews', agent, query],
    queryFn: ({ signal }) =>
      take(client.GET('/agents/{agent}/reviews', { params: { path: { agent }, query }, signal })),
  });

/** The user's own, as far as the agent's page needs them. */
export const deploymentsQuery = () =>
  queryOptions({
    queryKey: ['deployments', 'all'],
    queryFn: ({ signal }) => take(client.GET('/deployments', { params: { query: { limit: 100 } }, signal })),
  });

export const subscriptionsQuery = () =>
  queryOptions({
    queryKey: ['subscriptions', 'all'],
    queryFn: ({ signal }) => take(client.GET('/subscriptions', { params: { query: { limit: 100 } }, signal })),
  });

export const walletQuery = () =>
  queryOptions({
    queryKey: ['wallet', 'balance'],
    queryFn: ({ signal }) => take(client.GET('/wallet', { signal })),
  });

/** What a version changed for who runs it; `null` of a first one. */
export const versionChangesQuery = (agent: string, version: string) =>
  queryOptions({
    queryKey: ['agents', 'changes', agent, version],
    queryFn: async ({ signal }) =>
      (await take(client.GET('/agents/{agent}/versions/{version}', { params: { path: { agent, version } }, signal }))).changes,
    staleTime: Number.POSITIVE_INFINITY,
  });
