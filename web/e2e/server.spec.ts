/** What the server itself does for the pages: the document, its policy, assets, what those are told who run no scripts. */
import { expect, test } from './helpers/test';

test('the document carries a nonce of its own, and its policy allows nothing else', async ({ request }) => {
  const nonces = new Set<string>();
  for (const path of ['/', '/explore', '/runs/x', '/dashboard', '/studio/agents', '/console', '/sign-in']) {
    const answer = await request.get(path, { headers: { accept: 'text/html' } });
    expect(answer.status(), path).toBe(200);
    const html = await answer.text();
    const nonce = /<meta name="csp-nonce" content="([^"]+)"/.exec(html)?.[1] ?? '';
    expect(nonce.length, path).toBeGreaterThan(20);
    nonces.add(nonce);
    const policy = answer.headers()['content-security-policy'] ?? '';
    expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(answer.headers()['cache-control']).toBe('no-store');
    expect(html.match(/<title>/g)).toHaveLength(1);
    expect(html).not.toContain('__CSP_NONCE__');
  }
  expect(nonces.size).toBe(7);
});

test('assets are kept for ever and sent packed', async ({ request }) => {
  const html = await (await request.get('/explore', { headers: { accept: 'text/html' } })).text();
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
  for (const [accepted, sent] of [['br', 'br'], ['gzip', 'gzip'], ['br;q=0, gzip', 'gzip'], ['identity', undefined]] as const) {
    const answer = await request.get(script, { headers: { 'accept-encoding': accepted } });
    expect(answer.status()).toBe(200);
    expect(answer.headers()['content-encoding'], accepted).toBe(sent);
    expect(answer.headers()['content-type']).toContain('text/javascript');
    expect(answer.headers()['cache-control']).toContain('immutable');
    expect(answer.headers()['vary']).toContain('accept-encoding');
  }
  expect((await request.get('/assets/none.js')).status()).toBe(404);
  expect((await request.get('/index.html', { headers: { accept: '*/*' } })).status()).toBe(404);
  expect((await request.get('/.made', { headers: { accept: '*/*' } })).status()).toBe(404);
});

test('who runs no scripts is told what an agent is', async ({ request }) => {
  const { data } = (await (await request.get('/agents?limit=1')).json()) as {
    data: { agents: { slug: string; name: string }[] };
  };
  const agent = data.agents[0];
  if (!agent) throw new Error('no agent is published');
  const html = await (await request.get(`/a/${agent.slug}`, { headers: { accept: 'text/html' } })).text();
  expect(html).toContain(`<title>${agent.name} · FrameOS</title>`);
  expect(html).toContain('property="og:title"');
  expect(html).toContain(`/a/${agent.slug}"`);
});

test('an unknown path is a page for people and an error for programs', async ({ request }) => {
  const page = await request.get('/nowhere', { headers: { accept: 'text/html,*/*;q=0.8' } });
  expect([page.status(), page.headers()['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  const failure = await request.get('/nowhere', { headers: { accept: 'application/json' } });
  expect([failure.status(), failure.headers()['content-type']]).toEqual([404, 'application/json']);
  expect((await request.get('/a/nobody', { headers: { accept: 'text/html' } })).status()).toBe(404);
  const about = (await (await request.get('/', { headers: { accept: 'application/json' } })).json()) as {
    data: { name: string };
  };
  expect(about.data.name).toBe('frameos');
});
