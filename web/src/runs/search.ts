/** What the list of runs shows, as it stands in the address. */
import { oneOf, pagingOf, type PagingSearch, textOf } from '@/shared/paging';

import { STATUSES } from './types';

export interface RunsSearch extends PagingSearch {
  status?: (typeof STATUSES)[number];
  /** An agent's id. */
  agent?: string;
}

export function runsSearchOf(search: Record<string, unknown>): RunsSearch {
  const status = oneOf(search.status, STATUSES);
  const agent = textOf(search.agent, 80);
  return { ...pagingOf(search), ...(status ? { status } : {}), ...(agent ? { agent } : {}) };
}
