import { axe } from './helpers/look';
import { expect, test } from './helpers/test';

const UNREAD = {
  id: 'ntf_1', kind: 'review.replied', subject: 'csv-profiler', title: 'Your review was answered', text: 'FrameOS answered your review of CSV Profiler.',
  read_at: null, created_at: new Date(Date.now() - 3_600_000).toISOString(),
};

test('the bell tells what is new, and leads there', async ({ page, api }) => {
  await api.signIn(page, await api.register('user'));
  let isRead = false;
  await page.route('**/me/notifications?*', (route) =>
    route.fulfill({ json: { success: true, data: { notifications: [{ ...UNREAD, read_at: isRead ? UNREAD.created_at : null }], total: 1, page: 1, limit: 10, unread: isRead ? 0 : 1 } } }),
  );
  await page.route('**/me/notifications/read', (route) => {
    isRead = true;
    return route.fulfill({ json: { success: true, data: { unread: 0 } } });
  });
  await page.goto('/explore');
  await page.getByRole('button', { name: 'Notifications, 1 unread' }).click();
  await axe(page);
  await page.getByRole('button', { name: /Your review was answered/ }).click();
  await expect(page).toHaveURL(/\/a\/csv-profiler\?tab=reviews$/);
  await expect(page.getByRole('button', { name: 'Notifications', exact: true })).toBeVisible();
});
