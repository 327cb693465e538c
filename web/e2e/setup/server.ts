/**
 * A real server on embedded defaults for the tests: its own data, its own port. The binary is WEB_TEST_BIN, or the one
 * that `make build` leaves. The pages come from it if it has them, else from `scripts/preview.mjs` before it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { code } from '../helpers/totp';

const BINARIES = [process.env.WEB_TEST_BIN, fileURLToPath(new URL('../../../target/fast/frameos', import.meta.url))];

export interface Account {
  email: string;
  password: string;
  totp_secret?: string;
}

export interface Started {
  /** Where the pages are. */
  url: string;
  dataDir: string;
  accounts: Record<'user' | 'developer' | 'admin', Account>;
  /** The administrator's session, made once: a one-time code works once, and all workers have the same. */
  admin: Tokens;
}

export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  role: 'user' | 'developer' | 'admin';
}

export default async function setup(): Promise<() => Promise<void>> {
  const binary = BINARIES.find((path) => path && existsSync(path));
  if (!binary) throw new Error('no server binary: run `make build`, or set WEB_TEST_BIN');
  const dataDir = mkdtempSync(join(tmpdir(), 'frameos-web-'));
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir], {
    env: { ...withoutSettings(process.env), FRAMEOS_LIMITS__ENABLED: 'false' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const api = await listening(server);
  const pages = await pagesFor(api);
  const accounts = JSON.parse(readFileSync(join(dataDir, 'first-run.json'), 'utf8')) as Started['accounts'];
  const started: Started = { url: pages.url, dataDir, accounts, admin: await adminLogin(api, accounts.admin) };
  process.env.WEB_TEST_STARTED = JSON.stringify(started);
  return async () => {
    await pages.close();
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  };
}

/** The server takes each FRAMEOS_… for a setting of its own; what is set around the tests is not meant for it. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('FRAMEOS_')));
}

function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${said.slice(-20).join('\n')}`)));
    if (!server.stderr) return reject(new Error('the server has no stderr'));
    createInterface({ input: server.stderr }).on('line', (line) => {
      said.push(line);
      const found = /listening on (http:\/\/\S+)/.exec(line);
      if (found?.[1]) resolve(found[1]);
    });
  });
}

async function pagesFor(api: string): Promise<{ url: string; close: () => Promise<unknown> }> {
  const answer = await fetch(`${api}/explore`, { headers: { accept: 'text/html' } });
  const isServed = answer.ok && (answer.headers.get('content-type') ?? '').includes('text/html');
  if (isServed && process.env.WEB_TEST_PAGES !== 'preview') return { url: api, close: () => Promise.resolve() };
  // A script of plain JavaScript, which the configuration of these tests does not type.
  const script = new URL('../../scripts/preview.mjs', import.meta.url).href;
  const { preview } = (await import(script)) as {
    preview: (api: string) => Promise<{ url: string; close: () => Promise<unknown> }>;
  };
  return preview(api);
}

/** With the code of the step before: those of now and next stay free for the test that types one. */
async function adminLogin(api: string, { email, password, totp_secret: secret = '' }: Account): Promise<Tokens> {
  const answer = await fetch(`${api}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, otp: code(secret, Math.floor(Date.now() / 30_000) - 1) }),
  });
  if (!answer.ok) throw new Error(`the administrator cannot sign in: ${await answer.text()}`);
  return ((await answer.json()) as { data: Tokens }).data;
}
