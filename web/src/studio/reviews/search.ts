/** The state of the list of reviews, in the address. */
import { pagingOf, type PagingSearch, textOf } from '@/shared/paging';

export interface ReviewsSearch extends PagingSearch {
  agent?: string;
  unanswered?: boolean;
}

export function reviewsSearchOf(search: Record<string, unknown>): ReviewsSearch {
  const agent = textOf(search.agent, 60);
  const isUnanswered = search.unanswered === true || search.unanswered === 'true';
  return { ...pagingOf(search), ...(agent && { agent }), ...(isUnanswered && { unanswered: true }) };
}
