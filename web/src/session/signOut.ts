import { queryClient } from '@/api/query';

import { sessionClear, sessionNow } from './store';

/** Ends the session here at once, and on the server as soon as it hears of it. */
export async function signOut(): Promise<void> {
  const session = sessionNow();
  sessionClear();
  queryClient.clear();
  if (!session) return;
  try {
    await fetch('/auth/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: session.refreshToken }),
      keepalive: true,
    });
  } catch {
    // Not reached: the token is forgotten here and runs out there.
  }
}
