/** What was spent in the last days, as the server adds it up. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';

const DAYS = 30;

export interface Day {
  /** As `2026-11-22`, UTC. */
  day: string;
  /** Minor units. */
  amount: number;
}

export const spendQuery = () =>
  queryOptions({
    queryKey: ['wallet', 'spend'],
    queryFn: async ({ signal }) => {
      const { days, total } = await take(client.GET('/wallet/spending', { params: { query: { days: DAYS } }, signal }));
      return {
        days: days.map(({ day, paid, refunded }): Day => ({ day, amount: paid - refunded })),
        total: total.paid - total.refunded,
      };
    },
    staleTime: 30_000,
  });
