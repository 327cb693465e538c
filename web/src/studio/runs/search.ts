/** The state of the list of runs, in the address. */
import { oneOf, pagingOf, type PagingSearch, textOf } from '@/shared/paging';

export const RUN_STATES = ['queued', 'running', 'settling', 'success', 'failed', 'timeout', 'cancelled'] as const;

export interface RunsSearch extends PagingSearch {
  agent?: string;
  status?: (typeof RUN_STATES)[number];
}

export function runsSearchOf(search: Record<string, unknown>): RunsSearch {
  const [agent, status] = [textOf(search.agent, 60), oneOf(search.status, RUN_STATES)];
  return { ...pagingOf(search), ...(agent && { agent }), ...(status && { status }) };
}
