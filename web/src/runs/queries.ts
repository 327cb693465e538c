/** What the pages of runs ask the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, refusal, take } from '@/api/client';
import { queryClient } from '@/api/query';
import { sessionFetch } from '@/session/fetch';

import type { Execution, RunsQuery } from './types';

export const runQuery = (execution: string) =>
  queryOptions({
    queryKey: ['executions', 'one', execution],
    queryFn: ({ signal }) => take(client.GET('/executions/{execution}', { params: { path: { execution } }, signal })),
  });

export const runsQuery = (query: RunsQuery) =>
  queryOptions({
    queryKey: ['executions', 'list', query],
    queryFn: ({ signal }) => take(client.GET('/executions', { params: { query }, signal })),
  });

export const runLogsQuery = (execution: string) =>
  queryOptions({
    queryKey: ['executions', 'logs', execution],
    queryFn: ({ signal }) => take(client.GET('/executions/{execution}/logs', { params: { path: { execution } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const deploymentQuery = (deployment: string) =>
  queryOptions({
    queryKey: ['deployments', 'one', deployment],
    queryFn: ({ signal }) => take(client.GET('/deployments/{deployment}', { params: { path: { deployment } }, signal })),
  });

export async function runCancel(execution: string): Promise<void> {
  await take(client.POST('/executions/{execution}/cancel', { params: { path: { execution } } }));
  await queryClient.invalidateQueries({ queryKey: ['executions'] });
}

/** Puts what a stream told into the page's copy of the run. */
export function runPatch(execution: string, change: (run: Execution) => Execution): void {
  queryClient.setQueryData<Execution>(runQuery(execution).queryKey, (run) => (run ? change(run) : run));
}

/** Asks for the rest of what changed with a run's state. */
export function runAsk(execution: string): void {
  void queryClient.invalidateQueries({ queryKey: runQuery(execution).queryKey });
}

/** The run as its stream told it at last. What is on its way is older. */
export function runEnd(run: Execution): void {
  const { queryKey } = runQuery(run.id);
  void queryClient.cancelQueries({ queryKey }).then(() => queryClient.setQueryData<Execution>(queryKey, run));
  void queryClient.invalidateQueries({ queryKey: ['executions', 'list'] });
  void queryClient.invalidateQueries({ queryKey: ['wallet'] });
}

/**
 * An answer as the server wrote it. Hashes are of its bytes: parsed and printed again, `1.0` would be `1`, and a name
 * that stands there twice would stand there once.
 */
export async function textOf(path: string, signal?: AbortSignal): Promise<string> {
  const answer = await sessionFetch(path, { headers: { accept: 'application/json' }, signal });
  const text = await answer.text();
  if (answer.ok) return text;
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // What is no JSON says nothing that is shown.
  }
  throw refusal(answer, body);
}
