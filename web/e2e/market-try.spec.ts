/** From an agent's page to a run, as somebody new would. */
import { axe } from './helpers/look';
import { expect, test } from './helpers/test';

test('signed out: fill in, sign up on the way, run', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('article').first()).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('redac');
  await expect(page.getByRole('option', { name: /PII Redactor/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/a\/pii-redactor$/);

  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('button', { name: 'Run it' }).click();
  const text = page.getByRole('textbox', { name: 'Text' });
  await expect(page.getByText('Is required.')).toBeVisible();
  await expect(text).toBeFocused();
  await text.fill('Write to asha@example.com');
  await page.getByRole('button', { name: 'Run it' }).click();

  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await expect(dialog).toBeVisible();
  await axe(page);
  await dialog.getByRole('button', { name: 'Create an account' }).click();
  const signUp = page.getByRole('dialog', { name: 'Create an account' });
  await signUp.getByLabel('Name').fill('Asha Rao');
  await signUp.getByLabel('E-mail').fill(`asha-${process.pid}-${Date.now()}@example.com`);
  await signUp.getByLabel('Password', { exact: true }).fill('correct-horse-9-battery');
  await signUp.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL(/\/runs\/exec_/);
});

test('a wallet without money says so, and where to get some', async ({ page, api }) => {
  const account = await api.register('user');
  await api.signIn(page, account);
  await page.goto('/a/invoice-extractor?tab=try');
  await page.getByRole('textbox', { name: 'Text' }).fill('Invoice No: 12');
  await page.getByRole('button', { name: 'Run it' }).click();
  const alert = page.getByRole('alert').filter({ hasText: 'There is not enough in your wallet' });
  await expect(alert).toBeVisible();
  await expect(alert.getByRole('link', { name: 'Add money to your wallet' })).toHaveAttribute('href', '/dashboard/wallet');
  await axe(page);
});

test('a policy that wants to be asked asks', async ({ page, api }) => {
  const { user } = api.started.accounts;
  const { access_token: token } = await api.signIn(page, user);
  const policy = await api.call<Record<string, unknown>>('GET', '/policy', undefined, token);
  await api.call('PUT', '/policy', { ...policy, confirm_above: 10 }, token);
  await page.goto('/a/invoice-extractor?tab=try');
  await page.getByRole('textbox', { name: 'Text' }).fill('Invoice No: 12');
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByRole('dialog', { name: 'Confirm the price' }).getByRole('button', { name: 'Run for ₹1.00' }).click();
  await expect(page).toHaveURL(/\/runs\/exec_/);
  await api.call('PUT', '/policy', { ...policy, confirm_above: null }, token);
});

test('a session that ended asks to sign in, keeps the form, and goes on', async ({ page, api }) => {
  const account = await api.register('user');
  const { access_token: token } = await api.signIn(page, account);
  await page.goto('/a/pii-redactor?tab=try');
  await page.getByRole('textbox', { name: 'Text' }).fill('Call 98765 43210');
  await api.call('POST', '/auth/logout-everywhere', undefined, token);
  await page.getByRole('button', { name: 'Run it' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await expect(dialog).toContainText('Your session has ended');
  await expect(page.getByRole('textbox', { name: 'Text', includeHidden: true })).toHaveValue('Call 98765 43210');
  await dialog.getByLabel('E-mail').fill(account.email);
  await dialog.getByLabel('Password', { exact: true }).fill(account.password);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/runs\/exec_/);
});
