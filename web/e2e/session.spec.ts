/** A session over several tabs, reloads and renewals. */
import { expect, test } from './helpers/test';

test('tabs renew one session one after the other, and all stay signed in', async ({ page, api, context }) => {
  await api.signIn(page, await api.register('user', 'Ravi Iyer'));
  const tabs = [page, await context.newPage(), await context.newPage()];
  let renewals = 0;
  await context.route('**/auth/refresh', async (route) => {
    renewals += 1;
    await route.continue();
  });
  // Nobody has an access token, so all of them want to renew at once.
  await page.evaluate(() => sessionStorage.removeItem('frameos.access'));
  await Promise.all(tabs.map((tab) => tab.goto('/explore')));
  for (const tab of tabs) {
    await tab.getByRole('button', { name: /Account/ }).click();
    await expect(tab.getByText('Ravi Iyer')).toBeVisible();
  }
  expect(renewals).toBe(3);

  await page.reload();
  await page.getByRole('button', { name: /Account/ }).click();
  await expect(page.getByText('Ravi Iyer')).toBeVisible();
  expect(renewals, 'a reload needs no renewal').toBe(3);

  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  for (const tab of tabs) await expect(tab.getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test('a tab that has not heard of a renewal yet goes on with what came of it', async ({ page, api }) => {
  await api.signIn(page, await api.register('user', 'Ravi Iyer'));
  const old = await page.evaluate(() => localStorage.getItem('frameos.session') ?? '');
  for (let turn = 0; turn < 2; turn += 1) {
    await page.evaluate(() => sessionStorage.removeItem('frameos.access'));
    const renewed = page.waitForResponse('**/auth/refresh');
    await page.goto('/explore');
    expect((await renewed).status()).toBe(200);
    await page.getByRole('button', { name: /Account/ }).click();
    await expect(page.getByText('Ravi Iyer')).toBeVisible();
    // As localStorage of another process is for a moment.
    await page.evaluate((session) => localStorage.setItem('frameos.session', session), old);
  }
});

test('mails lead to pages that take their token from behind the #', async ({ page, api }) => {
  const account = await api.register('user');
  await page.goto('/forgot-password');
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByRole('button', { name: 'Send the mail' }).click();
  await expect(page.getByRole('status').filter({ hasText: /mail/i })).toBeVisible();

  await page.goto('/reset-password#token=not-a-token');
  await expect(page.getByLabel('Token')).toHaveValue('not-a-token');
  await page.getByLabel('New password', { exact: true }).fill('another-horse-9-battery');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByRole('alert')).toBeVisible();

  await page.goto('/verify-email#not-a-token');
  await expect(page.getByRole('alert')).toBeVisible();
});
