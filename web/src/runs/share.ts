/** Showing a run to others by a link. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import type { Schemas } from '@/api/types';

/** A run as whoever has the link sees it. Nothing says whose it is. */
export type SharedRun = Schemas['SharedRun'];

const of = (execution: string) => ({ params: { path: { execution } } });

/** Until when there is a link, if there is one. */
export const shareQuery = (execution: string) =>
  queryOptions({
    queryKey: ['executions', 'share', execution],
    queryFn: ({ signal }) => take(client.GET('/executions/{execution}/share', { ...of(execution), signal })),
  });

export const sharedRunQuery = (token: string) =>
  queryOptions({
    queryKey: ['shared-runs', token],
    queryFn: ({ signal }) => take(client.GET('/shared-runs/{token}', { params: { path: { token } }, signal })),
  });

export const shareMake = (execution: string, days: number) => take(client.POST('/executions/{execution}/share', { ...of(execution), body: { days } }));
export const shareEnd = (execution: string) => take(client.DELETE('/executions/{execution}/share', of(execution)));
