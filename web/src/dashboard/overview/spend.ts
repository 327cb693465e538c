/** What was spent in the last days, asked of the server. */
import { queryOptions } from '@tanstack/react-query';

import { transactionsAll } from '../wallet/all';
import { DAY_MS, spendByDay } from './spendByDay';

const DAYS = 30;
/** Hundreds of movements that are looked at. */
const PAGES = 10;

export const spendQuery = () =>
  queryOptions({
    queryKey: ['wallet', 'spend'],
    queryFn: async () => {
      const first = Math.floor(Date.now() / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;
      const { transactions, isAll } = await transactionsAll({ pages: PAGES, since: first });
      const days = spendByDay(transactions, first, DAYS);
      return { days, isAll, total: days.reduce((sum, { amount }) => sum + amount, 0) };
    },
    staleTime: 30_000,
  });
