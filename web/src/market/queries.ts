/** What the marketplace asks the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';

import type { AgentListQuery } from './types';

export const agentsQuery = (query: AgentListQuery) =>
  queryOptions({
    queryKey: ['agents', 'list', query],
    queryFn: ({ signal }) => take(client.GET('/agents', { params: { query }, signal })),
  });

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

export type ReviewSort = 'newest' | 'oldest' | 'highest' | 'lowest';

export const reviewsQuery = (agent: string, query: { sort?: ReviewSort; page?: number; limit?: number }) =>
  queryOptions({
    queryKey: ['agents', 'reviews', agent, query],
    queryFn: ({ signal }) =>
      take(client.GET('/agents/{agent}/reviews', { params: { path: { agent }, query }, signal })),
  });
