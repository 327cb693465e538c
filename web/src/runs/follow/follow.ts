/**
 * Following a run: one request that stays open, and another one where it breaks off, which misses nothing.
 *
 * Invariant: an event is told once, in its order, however often the connection is lost.
 */
import { refusal } from '@/api/client';
import { ApiError, isAbort } from '@/api/errors';
import { sessionFetch } from '@/session/fetch';

import { type SseEvent, SseParser } from './sse';

export type Connection = 'connecting' | 'open' | 'waiting' | 'over' | 'refused';

interface Listener {
  events: (events: SseEvent[]) => void;
  connection: (state: Connection, error?: unknown) => void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** The server sends a comment every 15 s: silence for longer is a dead connection. */
const SILENCE_MS = 40_000;

/** From after the event `from`, to the end of the run, a refusal of the server, or `signal`. */
export async function runFollow(execution: string, from: string, signal: AbortSignal, listener: Listener): Promise<void> {
  let last = from;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    listener.connection('connecting');
    try {
      const ended = await once(execution, last, signal, listener, (event) => {
        last = event.id || last;
        wait = FIRST_WAIT_MS;
      });
      if (ended) return listener.connection('over');
    } catch (error) {
      if (signal.aborted || isAbort(error)) {
        if (signal.aborted) return;
      } else if (error instanceof ApiError && error.status < 500 && error.status !== 429 && error.status !== 408) {
        return listener.connection('refused', error);
      } else if (error instanceof ApiError && error.retryAfter !== undefined) {
        wait = Math.max(wait, error.retryAfter * 1000);
      }
    }
    listener.connection('waiting');
    await pause(wait * (0.8 + Math.random() * 0.4), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** One connection. Resolves to whether the run is over. */
async function once(
  execution: string,
  last: string,
  signal: AbortSignal,
  listener: Listener,
  seen: (event: SseEvent) => void,
): Promise<boolean> {
  const attempt = new AbortController();
  const end = () => attempt.abort();
  signal.addEventListener('abort', end);
  let silence = setTimeout(end, SILENCE_MS);
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (last !== '') headers['last-event-id'] = last;
    const answer = await sessionFetch(`/executions/${encodeURIComponent(execution)}/events`, {
      headers,
      signal: attempt.signal,
      cache: 'no-store',
    });
    if (answer.status === 204) return true;
    if (!answer.ok || !answer.body) throw refusal(answer, await answer.json().catch(() => null));
    listener.connection('open');
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
      const events = parser.push(value);
      for (const event of events) seen(event);
      if (events.length > 0) listener.events(events);
      if (events.some((event) => event.name === 'end')) return true;
    }
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', end);
    attempt.abort();
  }
}

/** Waits, but no longer than until the browser is online again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
