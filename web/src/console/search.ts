/** The state of the console's lists, in the address. */
import { oneOf, pagingOf, type PagingSearch, textOf } from '@/shared/paging';

export interface ListSearch extends PagingSearch {
  search?: string;
  status?: string;
  plan?: string;
  developer?: string;
}

export function listSearchOf(search: Record<string, unknown>): ListSearch {
  const found: ListSearch = pagingOf(search);
  for (const key of ['search', 'status', 'plan', 'developer'] as const) {
    const text = textOf(search[key]);
    if (text !== undefined) found[key] = text;
  }
  return found;
}

export interface AuditSearch extends PagingSearch {
  actor?: string;
  action?: string;
  subject?: string;
  from?: string;
  to?: string;
}

export function auditSearchOf(search: Record<string, unknown>): AuditSearch {
  const found: AuditSearch = pagingOf(search);
  for (const key of ['actor', 'action', 'subject'] as const) {
    const text = textOf(search[key]);
    if (text !== undefined) found[key] = text;
  }
  for (const key of ['from', 'to'] as const) {
    const day = textOf(search[key], 10);
    if (day !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(day)) found[key] = day;
  }
  return found;
}

export interface RefundsSearch extends PagingSearch {
  tab?: 'refunds';
  run?: string;
  user?: string;
}

export function refundsSearchOf(search: Record<string, unknown>): RefundsSearch {
  const [tab, run, user] = [oneOf(search.tab, ['refunds']), textOf(search.run, 60), textOf(search.user, 60)];
  return { ...pagingOf(search), ...(tab && { tab }), ...(run && { run }), ...(user && { user }) };
}
