/**
 * Requests that the OpenAPI document of this build does not describe: of endpoints that newer servers have. A server that
 * does not have one answers 404, and what needs it is not shown.
 */
import { sessionFetch } from '@/session/fetch';

import { refusal } from './client';
import { isApiError } from './errors';

export async function askRaw<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const answer = await sessionFetch(new URL(path, window.location.origin).href, {
    method,
    signal,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = (await answer.json().catch(() => null)) as { data?: T } | null;
  if (answer.ok && said?.data !== undefined) return said.data;
  throw refusal(answer, said);
}

/** `null` where the server does not have it. */
export function orNone<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch((error: unknown) => {
    if (isApiError(error) && (error.status === 404 || error.status === 405)) return null;
    throw error;
  });
}
