/** What the pages that every account has ask the server. */
import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';

export const tokensQuery = () =>
  queryOptions({
    queryKey: ['account', 'tokens'],
    queryFn: ({ signal }) => take(client.GET('/me/tokens', { signal })),
  });

export const sessionsQuery = () =>
  queryOptions({
    queryKey: ['account', 'sessions'],
    queryFn: ({ signal }) => take(client.GET('/me/sessions', { signal })),
  });
