/**
 * Who is signed in, for all tabs of this browser.
 *
 * The refresh token is in localStorage, so that tabs share one session and a reload keeps it. The access token is in
 * memory and in this tab's sessionStorage: a refresh token works once, and a reload in the middle of a refresh would lose
 * the next one and end the session, so reloads must not need a refresh.
 */
import { useSyncExternalStore } from 'react';

export type Role = 'user' | 'developer' | 'admin';

export interface Session {
  refreshToken: string;
  role: Role;
  /** The account's id. */
  subject: string;
}

interface Access {
  token: string;
  /** Milliseconds since 1970, some seconds early. */
  until: number;
  subject: string;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  role: string;
}

const KEY = 'frameos.session';
const ACCESS_KEY = 'frameos.access';
const EARLY_MS = 20_000;

let session: Session | null = read(localStorage, KEY);
let access: Access | null = read(sessionStorage, ACCESS_KEY);
const listeners = new Set<() => void>();

function read<T>(storage: Storage, key: string): T | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is off or full: the session lives as long as the page.
  }
}

function tell(): void {
  for (const listener of listeners) listener();
}

export function sessionNow(): Session | null {
  return session;
}

/** As other tabs left it. */
export function sessionReread(): Session | null {
  const stored = read<Session>(localStorage, KEY);
  if (stored?.refreshToken !== session?.refreshToken) {
    session = stored;
    tell();
  }
  return session;
}

/** The access token, if there is one that still works. */
export function accessNow(): string | null {
  if (!session || !access || access.subject !== session.subject || access.until <= Date.now()) return null;
  return access.token;
}

export function sessionSet(tokens: Tokens): Session {
  const subject = subjectOf(tokens.access_token);
  session = { refreshToken: tokens.refresh_token, role: tokens.role as Role, subject };
  access = { token: tokens.access_token, until: Date.now() + tokens.expires_in * 1000 - EARLY_MS, subject };
  write(localStorage, KEY, session);
  write(sessionStorage, ACCESS_KEY, access);
  tell();
  return session;
}

export function accessDrop(): void {
  access = null;
  write(sessionStorage, ACCESS_KEY, null);
}

export function sessionClear(): void {
  session = null;
  write(localStorage, KEY, null);
  accessDrop();
  tell();
}

export function sessionSubscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): Session | null {
  return useSyncExternalStore(sessionSubscribe, sessionNow);
}

window.addEventListener('storage', (event) => {
  if (event.key !== KEY && event.key !== null) return;
  const before = session?.subject;
  session = read(localStorage, KEY);
  if (session?.subject !== before) accessDrop();
  tell();
});

/** Whose token it is. It is only read, never believed: the server checks it. */
function subjectOf(token: string): string {
  try {
    const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    return (JSON.parse(atob(part)) as { sub?: string }).sub ?? '';
  } catch {
    return '';
  }
}
