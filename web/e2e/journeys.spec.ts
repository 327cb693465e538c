/** The way from the front page to a result, as those go who have no mouse, and those who have a phone. */
import { fundedUser } from './helpers/agents';
import { axe } from './helpers/look';
import { expect, type Page, test } from './helpers/test';
import type { Locator } from '@playwright/test';

/** Presses Tab until `target` has the focus, as somebody does who sees where it is. */
async function tabTo(page: Page, target: Locator, most = 60): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < most; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never came to ${target}`);
}

test('by keyboard alone: find an agent, fill it in, run it, verify the receipt, sign out', async ({ page, api }) => {
  const { account } = await fundedUser(api);
  await page.goto('/');
  await expect(page.getByRole('article').first()).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('/');
  await page.keyboard.type('redactor');
  await expect(page.getByRole('option', { name: /PII Redactor/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/a\/pii-redactor$/);

  await tabTo(page, page.getByRole('button', { name: 'Try it' }));
  await page.keyboard.press('Enter');
  const text = page.getByRole('textbox', { name: 'Text' });
  await tabTo(page, text);
  await page.keyboard.type('Write to asha@example.com');
  await tabTo(page, page.getByRole('button', { name: 'Run it' }));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await tabTo(page, dialog.getByLabel('E-mail'));
  await page.keyboard.type(account.email);
  await tabTo(page, dialog.getByLabel('Password', { exact: true }));
  await page.keyboard.type(account.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/runs\/exec_/);
  await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 30_000 });

  await tabTo(page, page.getByRole('button', { name: 'Verify the receipt' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('The receipt is genuine')).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Account' }), 120);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeVisible();
  await expect(async () => {
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeFocused({ timeout: 100 });
  }).toPass();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('sign up, find an agent, add money, run it, look it up again', async ({ page }) => {
    const inWidth = async () => {
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overflow, `sideways scrolling of ${page.url()}`).toBeLessThanOrEqual(0);
    };
    await page.goto('/explore');
    await page.getByRole('button', { name: 'Open the menu' }).tap();
    await page.getByRole('dialog', { name: 'Menu' }).getByRole('link', { name: 'Sign up' }).tap();
    await page.getByLabel('Name').fill('Asha Rao');
    await page.getByLabel('E-mail').fill(`phone-${process.pid}-${Date.now()}@example.com`);
    await page.getByLabel('Password', { exact: true }).fill('correct-horse-9-battery');
    await page.getByRole('button', { name: 'Create account' }).tap();
    // Back where the way began.
    await expect(page.getByRole('button', { name: 'Account' })).toBeVisible();
    await expect(page).toHaveURL(/\/explore$/);
    await page.getByRole('button', { name: 'Open the menu' }).tap();
    await page.getByRole('dialog', { name: 'Menu' }).getByRole('link', { name: 'Dashboard' }).tap();
    await expect(page.getByText('Your wallet is empty')).toBeVisible();
    await page.getByRole('link', { name: 'Add money' }).tap();
    await expect(page.getByRole('heading', { name: 'Wallet' })).toBeVisible();
    await expect(page.getByRole('navigation', { name: 'Dashboard' }).getByRole('link', { name: 'Wallet' })).toBeInViewport({ ratio: 1 });
    await page.getByRole('button', { name: '₹100', exact: true }).tap();
    await page.getByRole('button', { name: 'Add money' }).tap();
    await expect(page.getByText('₹100.00 was added to your wallet.')).toBeVisible();
    await inWidth();

    await page.getByRole('button', { name: 'Search agents' }).tap();
    await page.getByRole('dialog').getByRole('combobox').or(page.getByRole('dialog').getByRole('searchbox')).fill('invoice');
    await page.getByRole('option', { name: /Invoice Extractor/ }).tap();
    await expect(page.getByRole('heading', { name: 'Invoice Extractor', level: 1 })).toBeVisible();
    await page.getByRole('button', { name: 'Try it' }).tap();
    await page.getByRole('textbox', { name: 'Text' }).fill('Invoice No: 12');
    await inWidth();
    await page.getByRole('button', { name: 'Run it' }).tap();
    await expect(page).toHaveURL(/\/runs\/exec_/);
    await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 30_000 });
    await inWidth();
    await axe(page);

    await page.getByRole('button', { name: 'Open the menu' }).tap();
    await page.getByRole('dialog', { name: 'Menu' }).getByRole('link', { name: 'Runs' }).tap();
    const row = page.getByRole('table', { name: 'Runs' }).getByRole('row').filter({ hasText: 'Invoice Extractor' });
    await expect(row.getByText('₹1.00')).toBeInViewport({ ratio: 1 });
    await inWidth();
  });
});
