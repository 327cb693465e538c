/** What was spent in the last days, asked of the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError } from '@/api/errors';

import { transactionsAll } from '../wallet/all';
import { DAY_MS, spendByDay } from './spendByDay';

const DAYS = 30;
/** Hundreds of movements that are looked at. */
const PAGES = 10;

export const spendQuery = () =>
  queryOptions({
    queryKey: ['wallet', 'spend'],
    queryFn: async ({ signal }) => {
      const told = await spendTold(signal);
      if (told) return told;
      const first = Math.floor(Date.now() / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;
      const { transactions, isAll } = await transactionsAll({ pages: PAGES, since: first });
      const days = spendByDay(transactions, first, DAYS);
      return { days, isAll, total: days.reduce((sum, { amount }) => sum + amount, 0) };
    },
    staleTime: 30_000,
  });

/** As the server adds it up; `null` from one that does not. */
async function spendTold(signal: AbortSignal) {
  try {
    const { days, total } = await take(client.GET('/wallet/spending', { params: { query: { days: DAYS } }, signal }));
    return {
      days: days.map(({ day, paid, refunded }) => ({ day, amount: paid - refunded })),
      total: total.paid - total.refunded,
      isAll: true,
    };
  } catch (error) {
    if (isApiError(error, 'NOT_FOUND')) return null;
    throw error;
  }
}
