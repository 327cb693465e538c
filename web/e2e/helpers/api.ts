/** The API for tests: making accounts, signing in, and handing a page a session without its forms. */
import type { Page } from '@playwright/test';

import type { Account, Started, Tokens } from '../setup/server';

let made = 0;

export class Api {
  constructor(readonly started: Started) {}

  async call<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const answer = await fetch(this.started.url + path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'GET' ? {} : { 'idempotency-key': `e2e-${process.pid}-${Date.now()}-${made++}` }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const said = (await answer.json()) as { data?: T; error?: { code: string; message: string } };
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said.error?.code} ${said.error?.message}`);
    return said.data as T;
  }

  /** A new account with a password of its own. */
  async register(role: 'user' | 'developer', name = 'Asha Rao'): Promise<Account> {
    const account = { email: `${role}-${process.pid}-${Date.now()}-${made++}@example.com`, password: 'correct-horse-9-battery' };
    await this.call('POST', `/${role}s/register`, { ...account, name });
    return account;
  }

  async login(account: Account): Promise<Tokens> {
    if (account.totp_secret) return this.started.admin;
    return this.call<Tokens>('POST', '/auth/login', { email: account.email, password: account.password });
  }

  /** Signs the page's browser in as `account`: its next page is signed in. */
  async signIn(page: Page, account: Account): Promise<Tokens> {
    const tokens = await this.login(account);
    const subject = (JSON.parse(atob(tokens.access_token.split('.')[1] ?? '')) as { sub: string }).sub;
    const session = { refreshToken: tokens.refresh_token, role: tokens.role, subject };
    const access = { token: tokens.access_token, until: Date.now() + tokens.expires_in * 1000 - 20_000, subject };
    await page.goto('/favicon.svg');
    await page.evaluate(
      ([stored, own]) => {
        localStorage.setItem('frameos.session', stored ?? '');
        sessionStorage.setItem('frameos.access', own ?? '');
      },
      [JSON.stringify(session), JSON.stringify(access)],
    );
    return tokens;
  }
}

export const apiFor = (started: Started): Api => new Api(started);
