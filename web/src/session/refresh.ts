/**
 * Trading the refresh token for the next pair. Once at a time over all tabs: the server takes a second use of a refresh
 * token for theft and ends the session.
 */
import { NetworkError } from '@/api/errors';

import { renewalNewest, renewalNote } from './renewals';
import { accessNow, sessionClear, sessionReread, sessionSet, type Tokens } from './store';

const LOCK = 'frameos-refresh';

export type Refreshed = 'fresh' | 'ended' | 'none';

let underWay: Promise<Refreshed> | null = null;

/** `stale` is the access token that was refused, if one was. */
export function sessionRefresh(stale: string | null): Promise<Refreshed> {
  underWay ??= locked(() => refresh(stale)).finally(() => {
    underWay = null;
  });
  return underWay;
}

async function locked(work: () => Promise<Refreshed>): Promise<Refreshed> {
  // Web Locks need a secure context; without them each tab can only take its own turn.
  return 'locks' in navigator ? await navigator.locks.request(LOCK, work) : await work();
}

async function refresh(stale: string | null): Promise<Refreshed> {
  const session = sessionReread();
  if (!session) return 'none';
  const now = accessNow();
  if (now !== null && now !== stale) return 'fresh';
  const token = await renewalNewest(session.refreshToken);
  let response: Response;
  try {
    response = await fetch('/auth/refresh', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ refresh_token: token }),
      cache: 'no-store',
    });
  } catch (error) {
    throw new NetworkError(error);
  }
  if (response.ok) {
    const { data } = (await response.json()) as { data: Tokens };
    sessionSet(data);
    await renewalNote(token, data.refresh_token);
    return 'fresh';
  }
  if (response.status === 401 || response.status === 403) {
    sessionClear();
    return 'ended';
  }
  // Busy or broken: the session may well be good, so nobody is asked to sign in.
  throw new NetworkError(new Error(`the refresh was answered ${response.status}`));
}
