/** Showing a run to others by a link. */
import { queryOptions } from '@tanstack/react-query';

import { isApiError } from '@/api/errors';
import { fetchLater } from '@/api/later';

import type { FailureReason, RunStatus } from './types';

export interface RunShare {
  token: string;
  url: string;
  expires_at: string;
}

/** A run as whoever has the link sees it. Nothing says whose it is. */
export interface SharedRun {
  id: string;
  agent_name: string;
  agent_slug: string;
  version: string;
  status: RunStatus;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  duration_ms: number | null;
  outputs: unknown;
  stdout: string | null;
  stderr: string | null;
  logs_truncated: boolean;
  error_message: string | null;
  failure_reason: FailureReason | null;
  cost_amount: number | null;
  cost_currency: string | null;
  expires_at: string;
}

const at = (execution: string) => `/executions/${encodeURIComponent(execution)}/share`;

/** Until when there is a link; `null` where the server cannot share runs. */
export const shareQuery = (execution: string) =>
  queryOptions({
    queryKey: ['executions', 'share', execution],
    queryFn: async ({ signal }) => {
      try {
        return await fetchLater<{ expires_at: string | null }>(at(execution), { signal });
      } catch (error) {
        if (isApiError(error, 'NOT_FOUND', 'METHOD_NOT_ALLOWED')) return null;
        throw error;
      }
    },
  });

export const sharedRunQuery = (token: string) =>
  queryOptions({
    queryKey: ['shared-runs', token],
    queryFn: ({ signal }) => fetchLater<SharedRun>(`/shared-runs/${encodeURIComponent(token)}`, { signal }),
  });

export const shareMake = (execution: string, days: number) => fetchLater<RunShare>(at(execution), { method: 'POST', body: { days } });
export const shareEnd = (execution: string) => fetchLater<{ message: string }>(at(execution), { method: 'DELETE' });
