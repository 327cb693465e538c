/** What the console asks the server. Where an older server has no answer, the data is null. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { askIfThere, askText, queryText } from '@/studio/ask';

import type {
  AdminAgent, AdminDeveloper, AdminExecution, AdminList, AdminRefund, AdminUser, AuditEntry, VersionForReview,
} from './types';

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

const directory = <Name extends string, Row>(name: Name, path: string) => (query: object) => ({
  queryKey: ['console', name, query],
  queryFn: ({ signal }: { signal: AbortSignal }) => askIfThere<AdminList<Name, Row>>(`${path}${queryText(query)}`, { signal }),
});

export const developersQuery = directory<'developers', AdminDeveloper>('developers', '/admin/developers');
export const usersQuery = directory<'users', AdminUser>('users', '/admin/users');
export const agentsQuery = directory<'agents', AdminAgent>('agents', '/admin/agents');
export const runsQuery = directory<'executions', AdminExecution>('executions', '/admin/executions');
export const refundsQuery = directory<'refunds', AdminRefund>('refunds', '/admin/refunds');
export const auditQuery = directory<'entries', AuditEntry>('entries', '/admin/audit');

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
