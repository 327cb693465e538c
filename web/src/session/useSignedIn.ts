import { useRouter } from '@tanstack/react-router';

import { sectionOf } from '@/app/nav';

import type { Session } from './store';

/** Where one goes after signing in: back to where one wanted to be, or to the pages of one's kind of account. */
export function useSignedIn(next: string | undefined): (session: Session) => void {
  const router = useRouter();
  return (session) => {
    if (next) router.history.push(next);
    else void router.navigate({ to: session.role === 'user' ? '/explore' : sectionOf(session.role) });
  };
}
