import { axe } from './helpers/look';
import { expect, test } from './helpers/test';
import { totp } from './helpers/totp';

test('an address without a page says so', async ({ page }) => {
  await page.goto('/dashboard/nothing-here');
  await expect(page.getByRole('heading', { name: 'There is nothing at this address' })).toBeVisible();
  await expect(page).toHaveTitle('Not found · FrameOS');
  await axe(page);
});

test('a page that takes an account asks for one in place', async ({ page, api }) => {
  const { user } = api.started.accounts;
  await page.goto('/dashboard/wallet');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await axe(page);
  await page.getByLabel('E-mail').fill(user.email);
  await page.getByLabel('Password', { exact: true }).fill(user.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Wallet' })).toBeVisible();
});

test('signing in with a second factor', async ({ page, api }) => {
  const { admin } = api.started.accounts;
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(admin.email);
  await page.getByLabel('Password', { exact: true }).fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('Code from your authenticator app')).toBeVisible();
  await axe(page);
  await page.getByLabel('Digit 1 of 6').pressSequentially(await totp(admin.totp_secret ?? ''));
  await expect(page).toHaveURL(/\/console$/);
});
