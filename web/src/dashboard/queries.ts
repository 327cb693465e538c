/** What the dashboard asks the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import type { QueryOf } from '@/api/types';

export const deploymentsQuery = (query: QueryOf<'/deployments'>) =>
  queryOptions({
    queryKey: ['deployments', 'list', query],
    queryFn: ({ signal }) => take(client.GET('/deployments', { params: { query }, signal })),
  });

export const deploymentChangesQuery = (deployment: string, version: string) =>
  queryOptions({
    queryKey: ['deployments', 'changes', deployment, version],
    queryFn: ({ signal }) =>
      take(client.GET('/deployments/{deployment}/changes', { params: { path: { deployment }, query: { version } }, signal })),
  });

export const topUpsQuery = (query: QueryOf<'/wallet/top-ups'>) =>
  queryOptions({
    queryKey: ['wallet', 'top-ups', query],
    queryFn: ({ signal }) => take(client.GET('/wallet/top-ups', { params: { query }, signal })),
  });

export const transactionsQuery = (query: QueryOf<'/wallet/transactions'>) =>
  queryOptions({
    queryKey: ['wallet', 'transactions', query],
    queryFn: ({ signal }) => take(client.GET('/wallet/transactions', { params: { query }, signal })),
  });

export const policyQuery = () =>
  queryOptions({
    queryKey: ['policy'],
    queryFn: ({ signal }) => take(client.GET('/policy', { signal })),
  });

export const webhooksQuery = () =>
  queryOptions({
    queryKey: ['webhooks', 'list'],
    queryFn: ({ signal }) => take(client.GET('/webhooks', { signal })),
  });

export const deliveriesQuery = (webhook: string, query: QueryOf<'/webhooks/{webhook}/deliveries'>) =>
  queryOptions({
    queryKey: ['webhooks', 'deliveries', webhook, query],
    queryFn: ({ signal }) => take(client.GET('/webhooks/{webhook}/deliveries', { params: { path: { webhook }, query }, signal })),
  });
