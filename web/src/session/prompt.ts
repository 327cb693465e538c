/** Asking whoever is at the page to sign in, without leaving the page. All who ask at once share one dialog. */
import { useSyncExternalStore } from 'react';

import type { Role } from './store';

export interface SignInWish {
  /** Why, as a sentence. */
  reason: string;
  /** Accounts of another kind are no help. */
  role?: Role;
  /** The session ran out: only the same account may go on with what it began. */
  expired?: boolean;
}

let wish: SignInWish | null = null;
let waiting: ((isSignedIn: boolean) => void)[] = [];
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** Resolves to whether somebody signed in. */
export function signInAsk(asked: SignInWish): Promise<boolean> {
  wish ??= asked;
  tell();
  return new Promise((resolve) => waiting.push(resolve));
}

export function signInAnswer(isSignedIn: boolean): void {
  const asked = waiting;
  wish = null;
  waiting = [];
  tell();
  for (const resolve of asked) resolve(isSignedIn);
}

export function useSignInWish(): SignInWish | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => wish,
  );
}
