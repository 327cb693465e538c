import { deploy, ended, execute, fundedUser, publish } from './helpers/agents';
import { apiFor } from './helpers/api';
import { axe, look } from './helpers/look';
import { expect, started, test } from './helpers/test';
import { gallery } from './helpers/testAgents';

// A payment that is not known to have been made is answered 503.
test.use({ expectedErrors: ['status of 503'] });

// Pages are looked at in three views each.
test.describe.configure({ timeout: 180_000 });

test.beforeAll(async () => {
  await publish(apiFor(started()), gallery);
});

test('the wallet: money added, declined, pending, and not known', async ({ page, api }) => {
  const account = await api.register('user');
  await api.signIn(page, account);
  await page.goto('/dashboard/wallet');
  await expect(page.getByText('No money was added yet')).toBeVisible();
  await page.getByLabel('Amount').fill('abc');
  await page.getByRole('button', { name: 'Add money' }).click();
  await expect(page.getByText('Enter an amount, such as')).toBeVisible();
  await page.getByLabel('Amount').fill('250.50');
  await page.getByRole('button', { name: 'Add money' }).click();
  await expect(page.getByText('₹250.50').first()).toBeVisible();
  await expect(page.getByText('Test money: nothing is charged anywhere.')).toBeVisible();
  const pay = async (scenario: string) => {
    await page.getByRole('combobox', { name: 'Simulate' }).click();
    await page.getByRole('option', { name: scenario, exact: true }).click();
    await page.getByRole('button', { name: 'Add money' }).click();
  };
  await pay('Is declined');
  await expect(page.getByText('The payment was declined')).toBeVisible();
  await pay('No answer, not paid');
  await expect(page.getByText('Not known yet whether this was paid')).toBeVisible();
  await pay('Stays pending');
  await expect(page.getByText('The payment is pending')).toBeVisible();
  await expect(page.getByRole('table', { name: 'Top-ups' }).getByText('Pending').first()).toBeVisible();
  await look(page, 'wallet');
});

test('overview and transactions after some runs', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k' });
  for (const fail of [false, false, true]) {
    await ended(api, token, await execute(api, token, 'web-gallery', deployment, { topic: 'Tea', fail }));
  }
  await api.signIn(page, account);
  await page.goto('/dashboard');
  await expect(page.getByText('₹499.00')).toBeVisible();
  await expect(page.getByText('₹1.00', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('table', { name: 'Spent by day' })).toBeAttached();
  await look(page, 'dashboard');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto('/dashboard/transactions');
  await expect(page.getByRole('table', { name: 'Transactions' }).getByText('Set aside').first()).toBeVisible();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  expect((await saved).suggestedFilename()).toBe('transactions.csv');
  await look(page, 'transactions');
});

test('the policy: what it refuses, what it asks, and a change from elsewhere', async ({ page, api }) => {
  const { account, token } = await fundedUser(api);
  await api.signIn(page, account);
  await page.goto('/dashboard/policy');
  await page.getByLabel('Per run').fill('1.005');
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await expect(page.getByText('Enter an amount, such as 500')).toBeVisible();
  await page.getByLabel('Per run').fill('20');
  await page.getByLabel('Ask me above').fill('0.10');
  await page.getByLabel('Only these agents').and(page.locator('input')).fill('Market');
  await page.getByRole('option', { name: /web-gallery/ }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await expect(page.getByText('The policy is saved and in force.')).toBeVisible();
  await look(page, 'policy');
  await page.setViewportSize({ width: 1280, height: 800 });
  const deployment = await deploy(api, token, 'web-gallery', { api_key: 'k' });
  const first = await api.call<{ execution_id: string }>('POST', '/agents/web-gallery/execute', { deployment_id: deployment, inputs: { topic: 'Tea' }, confirm: true }, token);
  await ended(api, token, first.execution_id);
  await page.goto(`/runs/${first.execution_id}`);
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByText('This run costs up to ₹0.50')).toBeVisible();
  await page.getByRole('button', { name: 'Run it' }).click();
  await expect(page).not.toHaveURL(new RegExp(first.execution_id));
  await page.goto('/dashboard/policy');
  await expect(page.getByLabel('Per run')).toHaveValue('20');
  await api.call('PUT', '/policy', { paused: false, currency: 'INR' }, token);
  await page.getByLabel('Per day').fill('100');
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await expect(page.getByText('The policy was changed elsewhere meanwhile')).toBeVisible();
  await axe(page);
  await page.getByRole('button', { name: 'Load it' }).click();
  await expect(page.getByLabel('Per run')).toHaveValue('');
});
