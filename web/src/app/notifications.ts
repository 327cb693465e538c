/** What the server has to tell the account, as the bell and its list use it. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import type { Role } from '@/session/store';
import { pagingOf } from '@/shared/paging';

export type Notification = Schemas['Notification'];

const EVERY_MS = 60_000;

/** The newest, and how many are unread. */
export const notificationsQuery = () => queryOptions({ ...notificationsPageQuery({ limit: 10 }), refetchInterval: EVERY_MS });

export const notificationsPageQuery = (query: { page?: number; limit: number; unread?: boolean }) =>
  queryOptions({
    queryKey: ['notifications', query],
    queryFn: ({ signal }) =>
      take(client.GET('/me/notifications', { params: { query: { ...query, unread: query.unread || undefined } }, signal })),
  });

/** Which page, and whether only what is unread, in the address. */
export function notificationsSearchOf(search: Record<string, unknown>): { page?: number; unread?: boolean } {
  const { page } = pagingOf(search);
  return { ...(page === undefined ? {} : { page }), ...(search.unread === true ? { unread: true } : {}) };
}

export async function notificationsRead(which: { ids: string[] } | { all: true }): Promise<void> {
  await take(client.POST('/me/notifications/read', { body: which }));
  await queryClient.invalidateQueries({ queryKey: ['notifications'] });
}

/** Where a notification leads whoever reads it. */
export function notificationHref({ kind, subject }: Notification, role: Role): string | undefined {
  const [noun = '', verb = ''] = kind.split('.');
  switch (noun) {
    case 'version':
    case 'agent':
      return role === 'developer' ? `/studio/agents/${subject}` : '/dashboard/deployments';
    case 'review':
      return verb === 'received' && role === 'developer' ? '/studio/reviews' : `/a/${subject}?tab=reviews`;
    case 'subscription':
      return '/dashboard/subscriptions';
    case 'top_up':
      return '/dashboard/wallet';
    case 'payout':
      return '/studio/payouts';
    case 'refund':
    case 'run':
      return subject.startsWith('exec_') ? `/runs/${subject}` : '/dashboard/transactions';
    default:
      return undefined;
  }
}
