/** What the studio asks the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { ApiError } from '@/api/errors';

import type { AnalyticsQuery, RunStatus } from './types';

interface Paging {
  page?: number;
  limit?: number;
}

/** All of one's agents: a developer's list is short, and choices need all of it. */
export const ownAgentsQuery = () =>
  queryOptions({
    queryKey: ['studio', 'agents'],
    queryFn: ({ signal }) => take(client.GET('/agents', { params: { query: { mine: true, limit: 100, sort: 'newest' } }, signal })),
  });

export const ownAgentQuery = (agent: string) =>
  queryOptions({
    queryKey: ['studio', 'agent', agent],
    queryFn: ({ signal }) => take(client.GET('/agents/{agent}', { params: { path: { agent } }, signal })),
  });

export const ownVersionsQuery = (agent: string) =>
  queryOptions({
    queryKey: ['studio', 'versions', agent],
    queryFn: ({ signal }) => take(client.GET('/agents/{agent}/versions', { params: { path: { agent } }, signal })),
  });

export const versionQuery = (agent: string, version: string) =>
  queryOptions({
    queryKey: ['studio', 'version', agent, version],
    queryFn: ({ signal }) => take(client.GET('/agents/{agent}/versions/{version}', { params: { path: { agent, version } }, signal })),
  });

export const analyticsQuery = (query: AnalyticsQuery) =>
  queryOptions({
    queryKey: ['studio', 'analytics', query],
    queryFn: ({ signal }) => take(client.GET('/developers/analytics', { params: { query }, signal })),
  });

export const errorsQuery = (query: { agent_id?: string; days?: number }) =>
  queryOptions({
    queryKey: ['studio', 'errors', query],
    queryFn: ({ signal }) => take(client.GET('/developers/errors', { params: { query }, signal })),
  });

export const developerRunsQuery = (query: Paging & { agent_id?: string; status?: RunStatus }) =>
  queryOptions({
    queryKey: ['studio', 'runs', query],
    queryFn: ({ signal }) => take(client.GET('/developers/executions', { params: { query }, signal })),
  });

export const runLogsQuery = (execution: string) =>
  queryOptions({
    queryKey: ['studio', 'logs', execution],
    queryFn: ({ signal }) =>
      take(client.GET('/developers/executions/{execution}/logs', { params: { path: { execution } }, signal })),
  });

export const developerReviewsQuery = (query: Paging & { agent_id?: string; unanswered?: boolean }) =>
  queryOptions({
    queryKey: ['studio', 'reviews', query],
    queryFn: ({ signal }) => take(client.GET('/developers/reviews', { params: { query }, signal })),
  });

/** Null while there is none. */
export const payoutAccountQuery = () =>
  queryOptions({
    queryKey: ['studio', 'payout-account'],
    queryFn: async ({ signal }) => {
      try {
        return await take(client.GET('/developers/payout-account', { signal }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });

export const payoutsQuery = (query: Paging) =>
  queryOptions({
    queryKey: ['studio', 'payouts', query],
    queryFn: ({ signal }) => take(client.GET('/developers/payouts', { params: { query }, signal })),
  });

export const payoutQuery = (payout: string, query: Paging) =>
  queryOptions({
    queryKey: ['studio', 'payout', payout, query],
    queryFn: ({ signal }) =>
      take(client.GET('/developers/payouts/{payout}', { params: { path: { payout }, query }, signal })),
  });

export const revenueQuery = (query: Paging) =>
  queryOptions({
    queryKey: ['studio', 'revenue', query],
    queryFn: ({ signal }) => take(client.GET('/developers/revenue', { params: { query }, signal })),
  });

