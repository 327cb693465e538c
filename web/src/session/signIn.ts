/** Signing in with e-mail, password and, where the account has one, a second factor. */
import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';

import { type Session, sessionNow, sessionSet } from './store';

export interface Credentials {
  email: string;
  password: string;
  otp?: string;
}

export async function signIn(credentials: Credentials): Promise<Session> {
  const before = sessionNow();
  const tokens = await take(client.POST('/auth/login', { body: credentials }));
  const session = sessionSet(tokens);
  if (before?.subject !== session.subject) {
    // What another account saw is none of this one's business; what anyone may see is asked again.
    queryClient.removeQueries({ predicate: (query) => query.getObserversCount() === 0 });
  }
  void queryClient.invalidateQueries();
  return session;
}
