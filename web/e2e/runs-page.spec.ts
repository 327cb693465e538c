import { deploy, ended, execute, fundedUser, publish } from './helpers/agents';
import { axe, look } from './helpers/look';
import { expect, test } from './helpers/test';
import { chatty, gallery } from './helpers/testAgents';

// Pages are looked at in three views each.
test.describe.configure({ timeout: 180_000 });

test.beforeAll(async () => {
  const { apiFor } = await import('./helpers/api');
  const { started } = await import('./helpers/test');
  const api = apiFor(started());
  await publish(api, chatty);
  await publish(api, gallery);
});

test('a run that succeeded: outputs by their kinds, cost, and a receipt that this browser checks', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k-123' });
  const id = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea' });
  expect(await ended(api, token, id)).toBe('success');
  await api.signIn(page, account);
  await page.goto(`/runs/${id}`);
  await expect(page.getByRole('heading', { name: 'Market Report', level: 1 })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Companies' }).getByRole('row')).toHaveCount(4);
  await expect(page.getByRole('img', { name: 'Chart' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Tea' })).toBeVisible();
  await expect(page.locator('[data-log-line]')).toHaveText([/reading about Tea/, /done with Tea/]);
  await expect(page.getByText('k-123')).toHaveCount(0);
  await page.getByRole('button', { name: 'Verify the receipt' }).click();
  await expect(page.getByText('The receipt is genuine')).toBeVisible();
  for (const name of ['Signature', 'Key', 'Content', 'Run', 'Outputs', 'Mandate', 'Payment']) {
    await expect(page.locator(`[data-check="${name}"]`), name).toHaveAttribute('data-outcome', 'holds');
  }
  await expect(page.locator('[data-check="Inputs"]')).toHaveAttribute('data-outcome', 'untold');
  await look(page, 'run-success');
  await page.getByText('JSON', { exact: true }).click();
  await expect(page.getByRole('group', { name: 'the outputs' })).toContainText('"Kaveri Mills"');
});

test('a run is shown to a stranger by a link, until that is taken back', async ({ page, api, browser }) => {
  const { account, token } = await fundedUser(api);
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k-123' });
  const id = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea' });
  await ended(api, token, id);
  await api.signIn(page, account);
  await page.goto(`/runs/${id}`);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this run' });
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByRole('textbox', { name: 'The link' }).inputValue();
  await axe(page);
  await dialog.getByRole('button', { name: 'Done' }).click();

  const context = await browser.newContext({ locale: 'en-IN' });
  const stranger = await context.newPage();
  await stranger.goto(link);
  await expect(stranger.getByRole('heading', { name: 'Market Report', level: 1 })).toBeVisible();
  await expect(stranger.getByRole('table', { name: 'Companies' }).getByRole('row')).toHaveCount(4);
  await expect(stranger.getByText('Inputs')).toHaveCount(0);
  await expect(stranger.getByText(account.email)).toHaveCount(0);
  await look(stranger, 'shared-run');

  await page.getByRole('button', { name: 'Shared' }).click();
  await dialog.getByRole('button', { name: 'Stop sharing' }).click();
  await expect(page.getByText('The link does not work any more.')).toBeVisible();
  await stranger.reload();
  await expect(stranger.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
  await look(stranger, 'shared-run-gone', ['light', 'phone']);
  await context.close();
});

test('a receipt that somebody altered on its way is refused', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k-123' });
  const id = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea' });
  await ended(api, token, id);
  await api.signIn(page, account);
  await page.route(`**/executions/${id}/receipt`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll('"amount":50', '"amount":5') });
  });
  await page.goto(`/runs/${id}`);
  await page.getByRole('button', { name: 'Verify the receipt' }).click();
  await expect(page.getByRole('alert').getByText('The receipt does not hold')).toBeVisible();
  await expect(page.locator('[data-check="Content"]')).toHaveAttribute('data-outcome', 'broken');
  await axe(page);
});

test('a run that failed says why, and that it cost nothing; run again asks for secrets anew', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  const deployment = await deploy(api, token, 'web-gallery', {});
  const id = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea', api_key: 'k-1', fail: true });
  expect(await ended(api, token, id)).toBe('failed');
  await api.signIn(page, account);
  await page.goto(`/runs/${id}`);
  await expect(page.getByText('The agent failed')).toBeVisible();
  await expect(page.getByText(/Nothing was charged/)).toBeVisible();
  await expect(page.getByText(/the data service did not answer/).first()).toBeVisible();
  await look(page, 'run-failed');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('button', { name: 'Run again' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Topic')).toHaveValue('Tea');
  await expect(dialog.getByLabel('Api key')).toHaveValue('');
  await axe(page);
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(dialog.getByText('Is required')).toBeVisible();
  await dialog.getByLabel('Api key').fill('k-2');
  await dialog.getByRole('switch', { name: 'Fail', exact: true }).uncheck();
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(page.getByRole('heading', { name: 'Outputs' })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Companies' })).toBeVisible();
});

test('a run whose payment was declined says so, and leads to the wallet', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k' });
  const id = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea' });
  await ended(api, token, id);
  await api.signIn(page, account);
  // Test money declines top-ups, not what was set aside for a run, so the answer is changed on its way.
  await page.route(`**/executions/${id}`, async (route) => {
    const answer = await route.fetch();
    const { data } = (await answer.json()) as { data: Record<string, unknown> };
    const declined = { status: 'failed', failure_reason: 'payment_declined', error_message: 'the payment was declined', payment: null, outputs: null };
    await route.fulfill({ response: answer, json: { success: true, data: { ...data, ...declined } } });
  });
  const gone = { success: false, error: { code: 'NOT_FOUND', message: 'no such run' } };
  await page.route(`**/executions/${id}/events`, (route) => route.fulfill({ status: 404, json: gone }));
  await page.goto(`/runs/${id}`);
  const alert = page.getByRole('alert').filter({ hasText: 'The payment was declined' });
  await expect(alert).toContainText('Nothing was charged.');
  await expect(alert.getByRole('link', { name: 'Look at your wallet' })).toHaveAttribute('href', '/dashboard/wallet');
  await expect(page.getByRole('heading', { name: 'Outputs' })).toHaveCount(0);
  await look(page, 'run-declined', ['light', 'phone']);
});

test('a run is followed while it goes on, over a lost connection, and can be cancelled', async ({ page, api, context }) => {
  const { account, token } = await fundedUser(api);
  await api.signIn(page, account);
  const deployment = await deploy(api, token, 'web-chatty');
  const id = await execute(api, token, 'web-chatty', deployment, { lines: 2_000, ms: 200_000 });
  await page.goto(`/runs/${id}`);
  await expect(page.locator('[data-log-line]').first()).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Progress' })).toBeVisible();
  await look(page, 'run-live', ['light', 'phone']);
  await page.setViewportSize({ width: 1280, height: 800 });
  await context.setOffline(true);
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await expect(page.getByText('The run was cancelled')).toBeVisible();
  const lines = await page.locator('[data-log-line]').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-log-line'))));
  expect(lines).toEqual(lines.map((_, index) => index));
});

test('a thousand lines are all there, in their order', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  await api.signIn(page, account);
  const deployment = await deploy(api, token, 'web-chatty');
  const id = await execute(api, token, 'web-chatty', deployment, { lines: 1000, ms: 2_000 });
  await page.goto(`/runs/${id}`);
  await expect(page.getByText('1,000 lines')).toBeVisible({ timeout: 60_000 });
  const lines = await page.locator('[data-log-line]').allTextContents();
  expect(lines.map((line) => Number(/line (\d+) of/.exec(line)?.[1]))).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  await page.getByLabel('Find in the log').fill('line 77');
  await expect(page.getByText('11 lines of 1000')).toBeVisible();
});

test('the list of runs filters by address and refreshes by itself', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  await api.signIn(page, account);
  await page.goto('/runs');
  await expect(page.getByText('You have not run anything yet')).toBeVisible();
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k' });
  const good = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea' });
  const bad = await execute(api, token, 'web-gallery', deployment, { topic: 'Tea', fail: true });
  await ended(api, token, good);
  await ended(api, token, bad);
  const chattyDeployment = await deploy(api, token, 'web-chatty');
  const live = await execute(api, token, 'web-chatty', chattyDeployment, { lines: 20, ms: 5_000 });
  await page.reload();
  const table = page.getByRole('table', { name: 'Runs' });
  await expect(table.getByText('Running')).toBeVisible();
  await expect(table.getByText('Succeeded')).toHaveCount(1);
  await ended(api, token, live);
  await expect(table.getByText('Succeeded')).toHaveCount(2);
  await look(page, 'runs');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('combobox', { name: 'Status' }).click();
  await page.getByRole('option', { name: 'Failed' }).click();
  await expect(page).toHaveURL(/status=failed/);
  await expect(table.getByRole('row')).toHaveCount(2);
  await page.goto('/runs?status=timeout');
  await expect(page.getByText('No run is like that')).toBeVisible();
  await axe(page);
});
