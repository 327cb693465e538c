/** What the console asks the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { askText } from '@/api/raw';
import type { QueryOf } from '@/api/types';

import type { VersionForReview } from './types';

export interface Paging {
  page?: number;
  limit?: number;
}

export const overviewQuery = () =>
  queryOptions({
    queryKey: ['console', 'overview'],
    queryFn: ({ signal }) => take(client.GET('/admin/overview', { signal })),
    staleTime: 2_000,
    refetchInterval: 5_000,
  });

export const queueQuery = (query: Paging) =>
  queryOptions({
    queryKey: ['console', 'reviews', query],
    queryFn: ({ signal }) => take(client.GET('/admin/reviews', { params: { query }, signal })),
    refetchInterval: 30_000,
  });

export const reviewQuery = (version: string) =>
  queryOptions({
    queryKey: ['console', 'review', version],
    queryFn: async ({ signal }): Promise<VersionForReview> =>
      take(client.GET('/admin/versions/{version}', { params: { path: { version } }, signal })),
  });

/** A file of a stored version: what is stored does not change. */
export const fileQuery = (version: string, path: string) =>
  queryOptions({
    queryKey: ['console', 'file', version, path],
    queryFn: ({ signal }) =>
      askText(`/admin/versions/${version}/files/${path.split('/').map(encodeURIComponent).join('/')}`, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const developersQuery = (query: QueryOf<'/admin/developers'>) =>
  queryOptions({
    queryKey: ['console', 'developers', query],
    queryFn: ({ signal }) => take(client.GET('/admin/developers', { params: { query }, signal })),
  });

export const usersQuery = (query: QueryOf<'/admin/users'>) =>
  queryOptions({
    queryKey: ['console', 'users', query],
    queryFn: ({ signal }) => take(client.GET('/admin/users', { params: { query }, signal })),
  });

export const agentsQuery = (query: QueryOf<'/admin/agents'>) =>
  queryOptions({
    queryKey: ['console', 'agents', query],
    queryFn: ({ signal }) => take(client.GET('/admin/agents', { params: { query }, signal })),
  });

export const runsQuery = (query: QueryOf<'/admin/executions'>) =>
  queryOptions({
    queryKey: ['console', 'executions', query],
    queryFn: ({ signal }) => take(client.GET('/admin/executions', { params: { query }, signal })),
  });

export const refundsQuery = (query: Paging) =>
  queryOptions({
    queryKey: ['console', 'refunds', query],
    queryFn: ({ signal }) => take(client.GET('/admin/refunds', { params: { query }, signal })),
  });

export const auditQuery = (query: QueryOf<'/admin/audit'>) =>
  queryOptions({
    queryKey: ['console', 'entries', query],
    queryFn: ({ signal }) => take(client.GET('/admin/audit', { params: { query }, signal })),
  });

export const reportsQuery = (query: Paging) =>
  queryOptions({
    queryKey: ['console', 'reports', query],
    queryFn: ({ signal }) => take(client.GET('/admin/review-reports', { params: { query }, signal })),
  });

export const payoutsQuery = (query: Paging) =>
  queryOptions({
    queryKey: ['console', 'payouts', query],
    queryFn: ({ signal }) => take(client.GET('/admin/payouts', { params: { query }, signal })),
  });
