import { queryOptions } from '@tanstack/react-query';

import { client, take } from '@/api/client';

import { sessionNow } from './store';

/** The signed-in account. */
export const meQuery = () =>
  queryOptions({
    queryKey: ['me'],
    queryFn: ({ signal }) => take(client.GET('/me', { signal })),
    enabled: sessionNow() !== null,
    staleTime: 60_000,
  });
