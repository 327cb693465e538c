/** What the server has to tell the account, as the bell and its list use it. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError } from '@/api/errors';
import { mayHelp, queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import type { Role } from '@/session/store';

export type Notification = Schemas['Notification'];
export type NotificationList = Schemas['NotificationList'];

const EVERY_MS = 60_000;

/** The newest, and how many are unread; `null` from a server that has none of this. */
export const notificationsQuery = () =>
  queryOptions({
    queryKey: ['notifications', 'newest'],
    queryFn: async ({ signal }): Promise<NotificationList | null> => {
      try {
        return await take(client.GET('/me/notifications', { params: { query: { limit: 10 } }, signal }));
      } catch (error) {
        if (isApiError(error, 'NOT_FOUND')) return null;
        throw error;
      }
    },
    refetchInterval: ({ state }) => (state.data === null ? false : EVERY_MS),
    retry: mayHelp,
  });

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
      return role === 'developer' ? '/studio/agents' : `/a/${subject}`;
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
