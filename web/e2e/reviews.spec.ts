/** A review from both sides: its author on the agent's page, the developer in the studio. */
import { axe, look } from './helpers/look';
import { expect, test } from './helpers/test';
import { fundedUser } from './helpers/agents';
import { CLEAN, freshSlug, run, submit } from './studio-agents';

test('a review is written, replied to, read and changed', async ({ page, api }) => {
  const developer = await api.register('developer', 'Meera Nair');
  const { access_token: token } = await api.login(developer);
  const slug = freshSlug('rated');
  const { version_id: version } = await submit(api, token, slug, CLEAN, { name: 'Tally' });
  await api.call('POST', `/admin/versions/${version}/approve`, {}, api.started.admin.access_token);
  const { account, token: buyer } = await fundedUser(api);

  await api.signIn(page, account);
  await page.goto(`/a/${slug}?tab=reviews`);
  const write = async (stars: string, title: string, text: string, button: string) => {
    // The button itself is out of sight; its label has the star.
    const star = await page.getByRole('radio', { name: stars }).getAttribute('id');
    await page.locator(`label[for="${star}"]`).click();
    await page.getByLabel('Title').fill(title);
    await page.getByLabel('Review', { exact: true }).fill(text);
    await page.getByRole('button', { name: button, exact: true }).click();
  };
  await page.getByRole('button', { name: 'Write a review' }).click();
  await write('4', 'Counts well', 'Fast, and right every time.', 'Publish');
  // Only who has run it may.
  await expect(page.getByRole('alert').filter({ hasText: 'Run it first' })).toBeVisible();
  await axe(page);
  await run(api, buyer, slug, { text: 'one two' });
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  const review = page.getByRole('article').filter({ hasText: 'Counts well' });
  await expect(review).toBeVisible();

  const { reviews } = await api.call<{ reviews: { id: string }[] }>('GET', `/agents/${slug}/reviews`);
  await api.call('PUT', `/agents/${slug}/reviews/${reviews[0]?.id}/reply`, { text: 'Thank you, more is coming.' }, token);
  await page.reload();
  await expect(review.getByText('Meera Nair replied')).toBeVisible();
  await look(page, 'agent-review-replied');
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByRole('button', { name: /^Notifications, \d+ unread$/ }).click();
  await page.getByRole('link', { name: 'All notifications' }).click();
  await expect(page).toHaveURL('/dashboard/notifications');
  await expect(page.getByRole('article').first()).toBeVisible();
  await look(page, 'notifications');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await page.getByText('Unread (0)').click();
  await expect(page.getByText('You have read everything.')).toBeVisible();

  await page.goto(`/a/${slug}?tab=reviews`);
  await page.getByRole('button', { name: 'Change your review' }).click();
  await expect(page.getByLabel('Title')).toHaveValue('Counts well');
  await write('2', 'Counted wrong once', 'It missed a line.', 'Save');
  await expect(page.getByRole('article').filter({ hasText: 'Counted wrong once' })).toBeVisible();
  await page.getByRole('button', { name: 'Change your review' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await expect(page.getByText('No reviews yet')).toBeVisible();
});
