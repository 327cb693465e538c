/** All movements of the wallet, page by page. */
import { queryClient } from '@/api/query';

import { transactionsQuery } from '../queries';
import type { Transaction } from '../types';

const LIMIT = 100;
const MOST_PAGES = 100;

export interface All {
  transactions: Transaction[];
  /** Whether there are no more. */
  isAll: boolean;
}

/** The newest first; no more than `pages` hundred, and none before `since` (milliseconds since 1970). */
export async function transactionsAll({ pages = MOST_PAGES, since = 0 }: { pages?: number; since?: number } | void = {}): Promise<All> {
  const transactions: Transaction[] = [];
  for (let page = 1; page <= pages; page += 1) {
    const answer = await queryClient.fetchQuery({ ...transactionsQuery({ page, limit: LIMIT }), staleTime: 0 });
    transactions.push(...answer.transactions.filter(({ created_at }) => Date.parse(created_at) >= since));
    const last = answer.transactions.at(-1);
    if (!last || page * LIMIT >= answer.total || Date.parse(last.created_at) < since) return { transactions, isAll: true };
  }
  return { transactions, isAll: false };
}
