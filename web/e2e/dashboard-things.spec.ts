import { deploy, fundedUser, publish } from './helpers/agents';
import { apiFor } from './helpers/api';
import { axe, look } from './helpers/look';
import { expect, started, test } from './helpers/test';
import { gallery, gallery2, monthly } from './helpers/testAgents';
import { code } from './helpers/totp';

// Pages are looked at in three views each.
test.describe.configure({ timeout: 180_000 });

test.beforeAll(async () => {
  const api = apiFor(started());
  await publish(api, gallery);
  await publish(api, gallery2);
  await publish(api, monthly);
});

test('deployments: configure, upgrade with what changes, pause, delete', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  await api.signIn(page, account);
  await page.goto('/dashboard/deployments');
  await expect(page.getByText('You have deployed no agent yet')).toBeVisible();
  await deploy(api, token, 'web-gallery', { api_key: 'k', depth: 'long' }, '1.0.0');
  await page.reload();
  const card = page.getByRole('article', { name: 'Market Report' });
  await expect(card.getByText('api_key is set')).toBeVisible();
  await look(page, 'deployments');
  await page.setViewportSize({ width: 1280, height: 800 });
  await card.getByRole('button', { name: 'Upgrade' }).click();
  await expect(page.getByText('Input language is new.')).toBeVisible();
  await axe(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Upgrade', exact: true }).click();
  await expect(card.getByText('Version 1.1.0')).toBeVisible();
  await card.getByRole('button', { name: /^More/ }).click();
  await page.getByRole('menuitem', { name: 'Configure' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByPlaceholder('Set. Leave empty to keep it.')).toBeVisible();
  await dialog.getByLabel('Topic').fill('Coffee');
  await axe(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(card.getByText(/Configured:.*topic/)).toBeVisible();
  await expect(card.getByText('api_key is set')).toBeVisible();
  await card.getByRole('button', { name: /^More/ }).click();
  await page.getByRole('menuitem', { name: 'Pause' }).click();
  await card.getByRole('button', { name: 'Resume' }).click();
  await expect(card.getByText('Ready', { exact: true })).toBeVisible();
  await card.getByRole('button', { name: /^More/ }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await expect(page.getByText('You have deployed no agent yet')).toBeVisible();
});

test('a subscription is cancelled for the end of its month, and kept after all', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  await api.call('POST', '/agents/web-monthly/subscribe', {}, token);
  await api.signIn(page, account);
  await page.goto('/dashboard/subscriptions');
  const card = page.getByRole('article', { name: 'Monthly Digest' });
  await expect(card.getByText('0 of 40 runs used this month')).toBeVisible();
  await look(page, 'subscriptions');
  await page.setViewportSize({ width: 1280, height: 800 });
  await card.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel at the end of the paid month' }).click();
  await expect(card.getByText(/ends on/)).toBeVisible();
  await card.getByRole('button', { name: 'Keep it' }).click();
  await expect(card.getByText(/renews on/)).toBeVisible();
});

test('webhooks: the secret once, a test, its delivery', async ({ page, api }) => {
  const { account } = await fundedUser(api);
  await api.signIn(page, account);
  await page.goto('/dashboard/webhooks');
  await page.getByRole('button', { name: 'New webhook' }).click();
  await page.getByLabel('Address').fill('https://hooks.example.com/frameos');
  await axe(page);
  await page.getByRole('button', { name: 'Make the webhook' }).click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  const card = page.getByRole('article', { name: 'https://hooks.example.com/frameos' });
  await card.getByRole('button', { name: 'Test' }).click();
  await expect(card.getByRole('table', { name: 'Deliveries' }).getByText('A test')).toBeVisible();
  await look(page, 'webhooks');
  await page.getByRole('button', { name: 'I have saved it' }).click();
  await expect(page.getByText(/^whsec_/)).toHaveCount(0);
});

test('access tokens: made, shown once, revoked', async ({ page, api }) => {
  await api.signIn(page, await api.register('user'));
  await page.goto('/dashboard/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByRole('button', { name: 'Make the token' }).click();
  await expect(page.getByText('Give it a name')).toBeVisible();
  await page.getByLabel('Name').fill('nightly');
  await page.getByLabel('Run agents').check();
  await axe(page);
  await page.getByRole('button', { name: 'Make the token' }).click();
  const token = (await page.getByText(/^fos_[0-9A-Za-z]{36}$/).textContent()) ?? '';
  await api.call('GET', '/executions', undefined, token);
  await look(page, 'tokens');
  await page.getByRole('button', { name: 'Revoke nightly' }).click();
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await expect(page.getByText('You have no access tokens')).toBeVisible();
  await expect(api.call('GET', '/executions', undefined, token)).rejects.toThrow('401');
});

test('security: second factor with QR and recovery codes, password, sessions, leaving', async ({ page, api }) => {
  const account = await api.register('user');
  await api.login(account);
  await api.signIn(page, account);
  await page.goto('/dashboard/security');
  await page.getByRole('button', { name: 'Set it up' }).click();
  await expect(page.getByRole('img', { name: 'QR code for your authenticator app' })).toBeVisible();
  const secret = ((await page.getByRole('dialog').locator('code').textContent()) ?? '').replaceAll(' ', '');
  await axe(page);
  const step = Math.floor(Date.now() / 30_000);
  await page.getByLabel('Digit 1 of 6').pressSequentially(code(secret, step));
  await expect(page.getByText('Keep these recovery codes')).toBeVisible();
  await expect(page.getByText('10 recovery codes left.')).toBeVisible();
  const spare = (await page.getByRole('status').locator('code').first().textContent()) ?? '';
  await look(page, 'security');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('button', { name: 'I have saved them' }).click();
  await page.getByLabel('Current password').fill('wrong-horse-9-battery');
  await page.getByLabel('New password').fill('better-horse-10-battery');
  await page.getByLabel('Code from your authenticator app').fill(code(secret, step + 1));
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('That is not your password.')).toBeVisible();
  const sessions = page.getByRole('table', { name: 'Sessions' });
  await expect(sessions.getByText('This one')).toBeVisible();
  await sessions.getByRole('button', { name: /^End/ }).first().click();
  await expect(page.getByText('That session has ended.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete the account' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill(account.password);
  await dialog.getByLabel('Code from your authenticator app').fill(spare);
  await dialog.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(dialog.getByText('Type “delete my account” to go on.')).toBeVisible();
  await dialog.getByLabel('Type “delete my account”').fill('delete my account');
  await axe(page);
  await dialog.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(api.login(account)).rejects.toThrow('401');
});
