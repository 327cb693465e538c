/** What the server itself does for the pages: the document, its policy, assets, what those are told who run no scripts. */
import type { Page } from '@playwright/test';

import { expect, started, test } from './helpers/test';

/** Keeps what the server answers to `url` back until it may be answered. */
async function hold(page: Page, url: string): Promise<{ asked: Promise<void>; answer: () => void }> {
  let [tell, answer] = [() => {}, () => {}];
  const asked = new Promise<void>((resolve) => (tell = resolve));
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
  await page.route(url, async (route) => {
    tell();
    await mayAnswer;
    await route.continue();
  });
  return { asked, answer };
}

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
  const script = /data-entry="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
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

test('who runs no scripts can read what an agent is', async ({ browser, request }) => {
  const html = await (await request.get('/a/csv-profiler', { headers: { accept: 'text/html' } })).text();
  expect(html).toContain('<title>CSV Profiler · FrameOS</title>');
  expect(html).toContain('property="og:title"');
  expect(html).toContain('/a/csv-profiler"');
  const page = await (await browser.newContext({ javaScriptEnabled: false, baseURL: started().url })).newPage();
  await page.goto('/a/csv-profiler');
  await expect(page.getByRole('heading', { level: 1, name: 'CSV Profiler' })).toBeVisible();
  await expect(page.getByText('Paste a CSV, get what you want to know before you trust it')).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: 'Inputs' })).toBeVisible();
  await page.context().close();
});

test('who runs no scripts finds agents', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false, baseURL: started().url })).newPage();
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Pay when it delivers.');
  await page.getByRole('link', { name: 'See all' }).click();
  await expect(page.getByText(/^\d+ agents$/)).toBeVisible();
  await page.goto('/explore?search=invoise');
  await expect(page.getByRole('link')).toHaveText(['Invoice Extractor']);
  await page.goto('/explore?category=data-quality');
  await expect(page.getByRole('heading', { level: 1, name: 'Data quality' })).toBeVisible();
  await page.getByRole('link', { name: 'CSV Profiler' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'CSV Profiler' })).toBeVisible();
  // Nonsense is the page's to explain.
  for (const query of ['page=x', 'page=0', 'page=4294967296', 'sort=best', 'min_price=x', 'search=%00', 'search=%ff']) {
    expect((await page.goto(`/explore?${query}`))?.status(), query).toBe(200);
  }
  await page.context().close();
});

test('the agents are there to read until they are there to use', async ({ page }) => {
  for (const path of ['/', '/explore']) {
    const held = await hold(page, '**/agents?*');
    await page.goto(path, { waitUntil: 'commit' });
    await held.asked;
    const first = page.locator('main[aria-busy="true"] li').first().getByRole('link');
    await expect(first).toBeVisible();
    const name = await first.innerText();
    held.answer();
    await expect(page.locator('article').getByRole('link', { name, exact: true })).toBeVisible();
    await expect(page.locator('main[aria-busy="true"]')).toHaveCount(0);
    await page.unroute('**/agents?*');
  }
});

test('a page says what it will load, and what is there to read stays until it is there to use', async ({ page, request }) => {
  for (const [path, chunk] of [['/explore', 'ExplorePage'], ['/a/csv-profiler', 'AgentPage']] as const) {
    const html = await (await request.get(path, { headers: { accept: 'text/html' } })).text();
    expect(html).toMatch(new RegExp(`rel="modulepreload" crossorigin href="/assets/${chunk}-`));
    for (const [, file] of html.matchAll(/(?:href|data-entry)="(\/assets\/[^"]+)"/g)) expect((await request.get(file ?? '')).status(), file).toBe(200);
  }
  const held = await hold(page, '**/agents/csv-profiler');
  await page.goto('/a/csv-profiler', { waitUntil: 'commit' });
  await held.asked;
  await expect(page.locator('main[aria-busy="true"]').getByText('Paste a CSV, get what')).toBeVisible();
  held.answer();
  await expect(page.getByRole('tab', { name: 'Try it' })).toBeVisible();
  await expect(page.getByText('Paste a CSV, get what')).toHaveCount(1);
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
