/**
 * Requests that the committed OpenAPI document does not know yet. Whoever uses this writes the type by hand; once the
 * document has the path, `client` does it better.
 */
import { sessionFetch } from '@/session/fetch';

import { refusal } from './client';

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
}

export async function fetchLater<T>(path: string, { method = 'GET', body, signal }: Options = {}): Promise<T> {
  const answer = await sessionFetch(new URL(path, window.location.origin).href, {
    method,
    signal,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = (await answer.json().catch(() => undefined)) as { data?: T } | undefined;
  if (answer.ok && said?.data !== undefined) return said.data;
  throw refusal(answer, said);
}
