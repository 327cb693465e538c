/** How answers are kept: one cache for the page, fresh for some seconds, asked again only where that can help. */
import { QueryClient } from '@tanstack/react-query';

import { ApiError, NetworkError } from './errors';

const HOPELESS = 3;

/** A refusal stands; a broken connection, an overload or a fault of the server may pass. */
export function mayHelp(failures: number, error: unknown): boolean {
  if (failures >= HOPELESS) return false;
  if (error instanceof NetworkError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 408);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 15_000, gcTime: 10 * 60_000, retry: mayHelp, retryDelay: (n) => Math.min(500 * 2 ** n, 8_000) },
    mutations: { retry: false },
  },
});
