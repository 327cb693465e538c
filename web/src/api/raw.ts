/** Answers that are no JSON, which the generated client does not read: texts, and tables for spreadsheets. */
import { sessionFetch } from '@/session/fetch';
import { download } from '@/shared/download';

import { refusal } from './client';

async function answerOf(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const answer = await sessionFetch(new URL(path, window.location.origin).href, { headers: { accept }, signal });
  if (answer.ok) return answer;
  throw refusal(answer, await answer.json().catch(() => null));
}

export async function askText(path: string, signal?: AbortSignal): Promise<string> {
  return (await answerOf(path, 'text/plain', signal)).text();
}

/** Saves what the server has as a table under `name`. */
export async function downloadCsv(path: string, name: string): Promise<void> {
  download(name, await (await answerOf(path, 'text/csv')).blob());
}
