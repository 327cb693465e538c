/**
 * `fetch` for the API: signs requests, renews the session when it ran out, and asks to sign in over the page when it is
 * over, so that nothing typed is lost. A request that is sent twice carries one `Idempotency-Key`.
 */
import { isAbort, NetworkError } from '@/api/errors';

import { uniqueKey } from './key';
import { signInAsk } from './prompt';
import { sessionRefresh } from './refresh';
import { accessNow, sessionNow } from './store';

/** These prove who asks by themselves. */
const UNSIGNED = /^\/(auth\/(?!logout-everywhere)|users\/register|developers\/register)/;

export async function sessionFetch(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  if (request.method !== 'GET' && !request.headers.has('idempotency-key')) {
    request.headers.set('idempotency-key', uniqueKey());
  }
  if (UNSIGNED.test(new URL(request.url).pathname)) return send(request, null);

  const before = sessionNow();
  let token = accessNow();
  if (before && token === null && (await sessionRefresh(null)) === 'fresh') token = accessNow();
  const answer = await send(request.clone(), token);
  if (answer.status !== 401 || !(await isUnauthenticated(answer))) return answer;

  if (before && (await sessionRefresh(token)) === 'fresh') {
    return send(request.clone(), accessNow());
  }
  if (before && request.method === 'GET') {
    // What anyone may read needs no session.
    const asAnyone = await send(request.clone(), null);
    if (asAnyone.status !== 401) return asAnyone;
  }
  const signedIn = await signInAsk({
    reason: before ? 'Your session has ended. Sign in again to go on where you were.' : 'Sign in to go on.',
    role: before?.role,
    expired: before !== null,
  });
  const now = sessionNow();
  // Somebody else must not finish what another account began.
  if (!signedIn || !now || (before && now.subject !== before.subject)) return answer;
  return send(request, accessNow());
}

async function send(request: Request, token: string | null): Promise<Response> {
  if (token !== null) request.headers.set('authorization', `Bearer ${token}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new NetworkError(error);
  }
}

async function isUnauthenticated(answer: Response): Promise<boolean> {
  try {
    const body = (await answer.clone().json()) as { error?: { code?: string } };
    return body.error?.code === 'UNAUTHENTICATED';
  } catch {
    return false;
  }
}
