import { axe, look } from './helpers/look';
import { expect, test } from './helpers/test';
import { CLEAN, freshSlug, HASHING, manifest, packed, run, settled, submit } from './studio-agents';

test('a version is read, accepted and approved by keyboard', async ({ page, api }) => {
  const { access_token: token } = await api.login(await api.register('developer', 'Asha Rao'));
  const slug = freshSlug('reviewed');
  await submit(api, token, slug, HASHING);
  await api.signIn(page, api.started.accounts.admin);
  await page.goto('/console/reviews');
  await expect(page.getByText(slug)).toBeVisible();
  await look(page, 'console-queue');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('row').filter({ hasText: slug }).getByRole('link').click();

  await expect(page.getByText('A first version')).toBeVisible();
  const finding = page.getByRole('button', { name: /Hashing or encryption/ });
  await expect(finding).toHaveAttribute('aria-current', 'true');
  await expect(page.locator('[data-line="5"][data-mark="warn"]')).toBeInViewport();
  await settled(page);
  await look(page, 'console-workbench');

  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await axe(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('c');
  await page.getByLabel('Why it is honest').fill('a fingerprint for the log');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Accept it', exact: true }).click();
  await expect(page.getByText('A fingerprint for the log.')).toBeVisible();
  await page.keyboard.press('a');
  await expect(page.getByRole('dialog', { name: `Approve ${slug} 1.0.0` })).toBeVisible();
  await axe(page);
  await page.getByLabel('A word to the developer').press('Control+Enter');
  await expect(page.getByText(`${slug} 1.0.0 is approved.`)).toBeVisible();

  // The next version: what it changes comes first, and it is sent back.
  const files = {
    'manifest.json': JSON.stringify(manifest(slug, { version: '1.1.0', capabilities: ['http_request'] }), null, 2),
    'main.py': HASHING.replace('fingerprint "', 'mark "').replace('md5', 'sha1'),
  };
  const { version_id: next } = await api.call<{ version_id: string }>('POST', `/agents/${slug}/versions`, { code_base64: packed(files) }, token);
  await page.goto(`/console/reviews/${next}`);
  await expect(page.getByRole('heading', { name: 'Changes since 1.0.0' })).toBeVisible();
  await settled(page);
  await look(page, 'console-workbench-changes');
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Reject it' })).toBeDisabled();
  await dialog.getByRole('checkbox').first().check();
  await dialog.getByLabel('Reasons, and what to change').fill('Say what the network is for.');
  await look(page, 'console-reject', ['light', 'phone']);
  await dialog.getByRole('button', { name: 'Reject it' }).click();
  await expect(page.getByText(`${slug} 1.1.0 is rejected.`)).toBeVisible();
});

test('the overview is live', async ({ page, api }) => {
  await api.signIn(page, api.started.accounts.admin);
  await page.goto('/console');
  await expect(page.getByText('Live', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('table', { name: 'Queue by class' })).toBeVisible();
  await look(page, 'console-overview');
});

test('refunds, reports, payouts and the log', async ({ page, api }) => {
  const { admin, accounts } = api.started;
  const { access_token: token } = await api.login(await api.register('developer', 'Asha Rao'));
  const slug = freshSlug('refunded');
  const { version_id: version } = await submit(api, token, slug, CLEAN, { pricing: { model: 'per_execution', amount: 500, currency: 'INR' } });
  await api.call('POST', `/admin/versions/${version}/approve`, { reason: 'reads well' }, admin.access_token);
  const { access_token: buyer } = await api.login(accounts.user);
  await api.call('POST', '/wallet/top-ups', { amount: 100_000, currency: 'INR' }, buyer);
  const execution = await run(api, buyer, slug, { text: 'a b' });
  const review = await api.call<{ id: string }>('PUT', `/agents/${slug}/reviews`, { rating: 1, text: 'Buy followers at my shop' }, buyer);
  await api.call('POST', `/agents/${slug}/reviews/${review.id}/report`, { reason: 'an advertisement' }, token);

  await api.signIn(page, accounts.admin);
  await page.goto(`/console/refunds?run=${execution}`);
  const button = page.getByRole('button', { name: `Refund the run ${execution}` });
  await expect(button).toBeVisible();
  await look(page, 'console-refunds');
  await button.click();
  await page.getByLabel('Amount').fill('2');
  await page.getByLabel('Reason').fill('It was slow');
  await page.getByRole('button', { name: 'Refund ₹2.00' }).click();
  await expect(page.getByText('₹2.00 went back to the user’s wallet').first()).toBeVisible();
  await axe(page);

  await page.goto('/console/review-reports');
  await expect(page.getByText(/An advertisement\./)).toBeVisible();
  await look(page, 'console-reports');
  await page.getByRole('article').filter({ hasText: slug }).getByRole('button', { name: 'Hide it…' }).click();
  await page.getByLabel('Reason').fill('It is an advertisement');
  await page.getByRole('button', { name: 'Hide it', exact: true }).click();
  await expect(page.getByText('The review is hidden.')).toBeVisible();

  await page.goto('/console/payouts');
  await expect(page.getByText('No payouts yet')).toBeVisible();
  await look(page, 'console-payouts');

  await page.goto('/console/audit');
  await expect(page.getByText('Version: approve').first()).toBeVisible();
  await look(page, 'console-audit');

  for (const name of ['developers', 'agents', 'users']) {
    await page.goto(`/console/${name}`);
    await expect(page.getByRole('table')).toBeVisible();
    await look(page, `console-${name}`);
  }
});

test('agents are banned, developers suspended, plans given, stored versions scanned again', async ({ page, api }) => {
  const { admin } = api.started;
  const developer = await api.register('developer', 'Kabir Sen');
  const { access_token: token } = await api.login(developer);
  const user = await api.register('user', 'Ravi Iyer');
  const slug = freshSlug('banned');
  const { version_id: version } = await submit(api, token, slug, CLEAN, { name: 'Line counter' });
  await api.call('POST', `/admin/versions/${version}/approve`, {}, admin.access_token);
  await api.signIn(page, api.started.accounts.admin);
  const decide = async (button: string, verb: string, done: string) => {
    await page.getByRole('button', { name: button }).click();
    const dialog = page.getByRole('dialog', { name: button });
    await dialog.getByLabel('Reason').fill('for a test');
    await axe(page);
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    await expect(page.getByText(done)).toBeVisible();
  };

  await page.goto(`/console/agents?search=${slug}`);
  await decide('Ban Line counter', 'Ban it', 'Line counter is banned.');
  await expect(page.getByRole('row').filter({ hasText: slug }).getByText('Banned', { exact: true })).toBeVisible();
  await expect(api.call('GET', `/agents/${slug}`)).rejects.toThrow('404');
  await decide('Lift the ban of Line counter', 'Lift the ban', 'The ban of Line counter is lifted.');
  await api.call('GET', `/agents/${slug}`);

  await page.goto(`/console/developers?search=${developer.email}`);
  await decide('Suspend Kabir Sen', 'Suspend', 'Kabir Sen is suspended.');
  await expect(api.login(developer)).rejects.toThrow('ACCOUNT_SUSPENDED');
  await decide('Reinstate Kabir Sen', 'Reinstate', 'Kabir Sen is reinstated.');
  await api.login(developer);

  await page.goto(`/console/users?search=${user.email}`);
  await page.getByRole('combobox', { name: 'Plan of Ravi Iyer' }).click();
  await page.getByRole('option', { name: 'Pro' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Change it' }).click();
  await expect(page.getByText('Ravi Iyer has the plan Pro now.')).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Plan of Ravi Iyer' })).toHaveValue('Pro');

  await page.goto('/console/reviews');
  await page.getByRole('button', { name: 'Scan again' }).click();
  await expect(page.getByText(/versions? scanned by/)).toBeVisible();
  await expect(page.getByText('All verdicts stand.')).toBeVisible({ timeout: 60_000 });
  await axe(page);
});
