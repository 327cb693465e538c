/** The state of the page of payouts, in the address. */
import { oneOf, pagingOf, type PagingSearch } from '@/shared/paging';

export interface PayoutsSearch extends PagingSearch {
  tab?: 'payouts' | 'revenue';
}

export function payoutsSearchOf(search: Record<string, unknown>): PayoutsSearch {
  const tab = oneOf(search.tab, ['payouts', 'revenue']);
  return { ...pagingOf(search), ...(tab === 'revenue' && { tab }) };
}
