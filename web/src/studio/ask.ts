/** Requests that the generated client cannot make: texts, files, and what an older server may not have. */
import { refusal } from '@/api/client';
import { ApiError } from '@/api/errors';
import { sessionFetch } from '@/session/fetch';

interface Asked {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  accept?: string;
}

async function answerOf(path: string, { method = 'GET', body, signal, accept = 'application/json' }: Asked): Promise<Response> {
  const headers: Record<string, string> = { accept };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await sessionFetch(new URL(path, window.location.origin).href, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  });
  if (answer.ok) return answer;
  throw refusal(answer, await answer.json().catch(() => null));
}

/** The data of an answer. */
export async function ask<D>(path: string, asked: Asked = {}): Promise<D> {
  return ((await (await answerOf(path, asked)).json()) as { data: D }).data;
}

/** As `ask`; null where the server has no such address. Only for addresses without an id. */
export async function askIfThere<D>(path: string, asked: Asked = {}): Promise<D | null> {
  try {
    return await ask<D>(path, asked);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 405)) return null;
    throw error;
  }
}

export async function askText(path: string, signal?: AbortSignal): Promise<string> {
  return (await answerOf(path, { signal, accept: 'text/plain' })).text();
}

/** The query of an address, without what is not said. */
export function queryText(query: object): string {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(said.map(([key, value]) => [key, String(value)])).toString();
  return text ? `?${text}` : '';
}

/** Saves what the server has as a table under `name`. */
export async function downloadCsv(path: string, name: string): Promise<void> {
  saveAs(await (await answerOf(path, { accept: 'text/csv' })).blob(), name);
}

export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
