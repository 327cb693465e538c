import { look } from './helpers/look';
import { expect, test } from './helpers/test';

test('the front of the marketplace', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('article').first()).toBeVisible();
  await look(page, 'home');
});

test('the list of agents', async ({ page }) => {
  await page.goto('/explore');
  await expect(page.getByRole('heading', { name: 'CSV Profiler' })).toBeVisible();
  await look(page, 'explore');
});

test("an agent's page, in all its parts", async ({ page }) => {
  await page.goto('/a/csv-profiler');
  await expect(page.getByRole('heading', { name: 'CSV Profiler', level: 1 })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Description' })).toContainText('RFC 4180');
  await look(page, 'agent');
  for (const tab of ['Try it', 'Reviews', 'Versions']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(page.getByRole('tabpanel', { name: tab })).toBeVisible();
    await look(page, `agent-${tab.toLowerCase().replace(' ', '-')}`);
  }
});
