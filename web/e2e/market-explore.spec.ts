/** Narrowing the list down: by pointer and keyboard, there and back. Other tests publish agents meanwhile, so nothing counts all. */
import { expect, type Page, test } from './helpers/test';

const profiler = (page: Page) => page.getByRole('article').filter({ hasText: 'CSV Profiler' });

test('filters, order and words are in the address, and back takes them off', async ({ page }) => {
  await page.goto('/explore');
  const filters = page.getByRole('complementary', { name: 'Filters' });
  await filters.getByRole('radio', { name: 'Finance' }).check();
  await expect(page).toHaveURL('/explore?category=finance');
  await expect(page.getByRole('heading', { name: 'Finance', level: 1 })).toBeVisible();
  await expect(page.getByRole('article')).toHaveCount(1);
  await expect(page).toHaveTitle('Finance · FrameOS');

  await page.getByRole('group', { name: 'Filters in force' }).getByRole('button', { name: 'Take off the filter Finance' }).click();
  await expect(profiler(page)).toBeVisible();
  await filters.getByRole('checkbox', { name: 'gstin' }).check();
  await expect(page).toHaveURL('/explore?tag=gstin');
  await expect(page.getByRole('article')).toHaveCount(2);
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Price: low to high' }).click();
  await expect(page.getByRole('article').first()).toContainText('PII Redactor');
  await page.goBack();
  await page.goBack();
  await expect(profiler(page)).toBeVisible();

  await page.keyboard.press('/');
  await page.keyboard.type('invioce');
  await expect(page).toHaveURL('/explore?search=invioce');
  await expect(page.getByRole('article')).toHaveCount(1);
  await expect(page.getByRole('article')).toContainText('Invoice Extractor');
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('zzzzzz');
  await expect(page.getByRole('heading', { name: 'No agent fits' })).toBeVisible();
  await page.getByRole('button', { name: 'Show all agents' }).click();
  await expect(profiler(page)).toBeVisible();
});

test('on a phone the filters are a sheet', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/explore');
  await page.getByRole('button', { name: 'Filters' }).click();
  const sheet = page.getByRole('dialog', { name: 'Filters' });
  await sheet.getByRole('radio', { name: 'Python' }).check();
  await sheet.getByRole('button', { name: /^Show \d+ agents?$/ }).click();
  await expect(page).toHaveURL(/language=python/);
  await expect(profiler(page)).toHaveCount(0);
  await expect(page.getByRole('article').first()).toBeVisible();
});

test('a server that cannot be reached is said, and asked again', async ({ page, expectedErrors }) => {
  expectedErrors.push('Failed to load resource');
  let isDown = true;
  await page.route('**/agents?*', (route) => (isDown ? route.abort() : route.continue()));
  await page.goto('/explore');
  const alert = page.getByRole('alert').filter({ hasText: 'No connection' });
  await expect(alert).toBeVisible({ timeout: 20_000 });
  isDown = false;
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect(profiler(page)).toBeVisible();
});

test('an address with nonsense in it shows the whole list', async ({ page }) => {
  await page.goto('/explore?page=-3&sort=up&min_price=x&language=cobol');
  await expect(profiler(page)).toBeVisible();
});
