/** Showing a run to others by a link. */
import { queryOptions } from '@tanstack/react-query';

import { askRaw, orNone } from '@/api/raw';

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
    queryFn: ({ signal }) => orNone(askRaw<{ expires_at: string | null }>('GET', at(execution), undefined, signal)),
  });

export const sharedRunQuery = (token: string) =>
  queryOptions({
    queryKey: ['shared-runs', token],
    queryFn: ({ signal }) => askRaw<SharedRun>('GET', `/shared-runs/${encodeURIComponent(token)}`, undefined, signal),
  });

export const shareMake = (execution: string, days: number) => askRaw<RunShare>('POST', at(execution), { days });
export const shareEnd = (execution: string) => askRaw<{ message: string }>('DELETE', at(execution));
