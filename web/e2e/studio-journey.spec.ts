import type { Api } from './helpers/api';
import { axe, look } from './helpers/look';
import { expect, test } from './helpers/test';
import { CLEAN, EVAL, folder, freshSlug, HASHING, manifest, run, settled, submit } from './studio-agents';

async function developer(api: Api) {
  const account = await api.register('developer', 'Asha Rao');
  const { access_token: token } = await api.login(account);
  return { account, token };
}

test('a new developer is shown the way', async ({ page, api }) => {
  const { account } = await developer(api);
  await api.signIn(page, account);
  await page.goto('/studio');
  await expect(page.getByRole('heading', { name: 'Welcome to the studio' })).toBeVisible();
  await look(page, 'studio-welcome');
  await page.goto('/studio/agents');
  await expect(page.getByText('You have no agents yet')).toBeVisible();
  await axe(page);
});

test('a folder becomes a version that waits for its review', async ({ page, api }) => {
  // Twelve looks at pages: more than other tests.
  test.slow();
  const { account } = await developer(api);
  const slug = freshSlug('words');
  await api.signIn(page, account);
  await page.goto('/studio/publish');
  await expect(page.getByRole('heading', { name: 'Drop your agent’s folder' })).toBeVisible();
  await look(page, 'studio-publish-drop');

  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  await (await chooser).setFiles(
    folder({ 'manifest.json': JSON.stringify(manifest(slug), null, 2), 'main.py': HASHING, '.git/HEAD': 'x', '__pycache__/a.pyc': 'x' }),
  );
  await expect(page.getByLabel('Name', { exact: false }).first()).toHaveValue('Word counter');
  await expect(page.getByText('2 files,')).toBeVisible();
  await page.getByLabel(/^Description/).fill('Counts the words of any text.');
  await page.getByLabel('Price of a run').fill('1.25');
  await expect(page.getByText('You earn 70 %: ₹0.87 of each paid run.')).toBeVisible();
  await settled(page);
  await look(page, 'studio-publish-listing');
  await page.getByRole('tab', { name: 'manifest.json' }).click();
  await expect(page.getByLabel('manifest.json', { exact: true }).last()).toHaveValue(/"amount": 125/);
  await axe(page);

  await page.getByRole('button', { name: 'Check the code' }).click();
  const submitButton = page.getByRole('button', { name: 'Submit the agent' });
  await expect(submitButton).toBeEnabled();
  await look(page, 'studio-publish-check');
  await submitButton.click();
  await expect(page.getByRole('heading', { name: 'Submitted for review' })).toBeVisible();
  await look(page, 'studio-publish-done');
  await page.getByRole('link', { name: 'Show the agent' }).click();
  await expect(page.getByText('Version 1.0.0 is in review')).toBeVisible();
  await expect(page.getByText('Counts the words of any text.')).toBeVisible();
});

test('a folder that is dropped is packed as one that is chosen', async ({ page, api }) => {
  const { account } = await developer(api);
  await api.signIn(page, account);
  await page.goto('/studio/publish');
  const zone = await page.getByText('A folder is packed in your browser.').boundingBox();
  if (!zone) throw new Error('there is nowhere to drop');
  // Only the browser itself can drop a folder; a page's script cannot make one up.
  const files = folder({ 'manifest.json': JSON.stringify(manifest(freshSlug('dropped'))), 'main.py': CLEAN, 'lib/words.py': 'x = 1\n', '.git/HEAD': 'x' });
  const devtools = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    const data = { items: [], files: [files], dragOperationsMask: 1 };
    await devtools.send('Input.dispatchDragEvent', { type, x: zone.x + 40, y: zone.y + 5, data });
  }
  await expect(page.getByText('3 files,')).toBeVisible();
  await expect(page.getByText('1 file left behind')).toBeVisible();
  await expect(page.getByLabel('Name', { exact: false }).first()).toHaveValue('Word counter');
});

const PAYOUT = {
  id: 'po_01kbpayout', developer_id: 'dev_1', period: '2026-11-23', amount: 73_500, currency: 'INR', status: 'paid', account: 'UPI as***@okbank',
  bank_reference: 'UTR2026112300017', reason: null, created_at: '2026-11-22T18:30:04Z', sent_at: '2026-11-22T18:30:06Z', paid_at: '2026-11-22T18:31:10Z',
};

// A payout takes a Monday, ₹500 and an account that is three days old: the figures are those of the statement's own description.
test('a payout and what it is made of', async ({ page, api }) => {
  const { account } = await developer(api);
  await api.signIn(page, account);
  const line = (kind: string, gross: number, amount: number, at: string) => ({ kind, gross, amount, at, reference: `ent_${at}`, execution_id: `exec_01m8d04cq3fyqt5taeakkg${gross}` });
  await page.route(/\/developers\/payouts(\?|\/|$)/, (route) => {
    const isOne = route.request().url().includes(PAYOUT.id);
    const statement = { sales: 2, gross: 110_000, shares: 77_000, orchestration: 0, refunds: -3_500, returned: 0, net: 73_500 };
    const lines = [line('sale', 100_000, 70_000, '2026-11-17T10:00:00Z'), line('sale', 10_000, 7_000, '2026-11-18T10:00:00Z'), line('refund', -5_000, -3_500, '2026-11-19T10:00:00Z')];
    const balance = { payable: 1_250, in_transit: 0, paid_out: 73_500, currency: 'INR' };
    const data = isOne ? { payout: PAYOUT, statement, lines, total: 3, page: 1, limit: 50 } : { payouts: [PAYOUT], balance, total: 1, page: 1, limit: 20 };
    return route.fulfill({ json: { success: true, data } });
  });
  await page.goto('/studio/payouts');
  await expect(page.getByRole('table', { name: 'Payouts' }).getByText('₹735.00')).toBeVisible();
  await page.getByRole('table', { name: 'Payouts' }).getByRole('link').first().click();
  const sum = page.getByRole('table', { name: 'Statement' });
  await expect(sum.getByRole('row').filter({ hasText: 'Your part of 2 payments' })).toContainText('₹770.00');
  await expect(sum.getByRole('row').filter({ hasText: 'Paid out' })).toContainText('₹735.00');
  await expect(page.getByRole('table', { name: 'Entries of the payout' }).getByRole('row')).toHaveCount(4);
  await look(page, 'studio-payout');
});

test('what cannot be published says why', async ({ page, api }) => {
  const { account } = await developer(api);
  await api.signIn(page, account);
  await page.goto('/studio/publish');
  const pick = async (name: string, path: string) => {
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name }).click();
    await (await chooser).setFiles(path);
  };
  await pick('Choose a tar.gz', `${folder({ 'a.tar.gz': 'no archive' })}/a.tar.gz`);
  await expect(page.getByText('a.tar.gz is no tar.gz that can be read.')).toBeVisible();
  await pick('Choose a folder', folder({ 'manifest.json': JSON.stringify(manifest(freshSlug('bad'))), 'main.py': EVAL }));
  await page.getByRole('button', { name: 'Check the code' }).click();
  await expect(page.getByRole('button', { name: 'Submit the agent' })).toBeDisabled();
  await expect(page.getByRole('heading', { name: 'Code made at run time' })).toBeVisible();
  await expect(page.getByText('The scan rejects this code')).toBeVisible();
  await look(page, 'studio-publish-rejected');
});

test('runs, logs, analytics, reviews and money', async ({ page, api }) => {
  const { account, token } = await developer(api);
  const slug = freshSlug('paid');
  const { version_id: version } = await submit(api, token, slug, CLEAN, { pricing: { model: 'per_execution', amount: 500, currency: 'INR' } });
  await api.call('POST', `/admin/versions/${version}/approve`, {}, api.started.admin.access_token);
  const buyer = (await api.login(api.started.accounts.user)).access_token;
  await api.call('POST', '/wallet/top-ups', { amount: 100_000, currency: 'INR' }, buyer);
  const execution = await run(api, buyer, slug, { text: 'one two three' });
  await api.call('PUT', `/agents/${slug}/reviews`, { rating: 4, title: 'Counts well', text: 'Fast, and right every time.' }, buyer);

  await api.signIn(page, account);
  await page.goto('/studio');
  await expect(page.getByRole('heading', { name: 'Latest runs' })).toBeVisible();
  await expect(page.getByText('Succeeded')).toBeVisible();
  await settled(page);
  await look(page, 'studio-overview');

  await page.goto('/studio/agents');
  await expect(page.getByRole('link', { name: 'Word counter' })).toBeVisible();
  await look(page, 'studio-agents');
  await page.getByRole('link', { name: 'Word counter' }).click();
  await expect(page.getByRole('heading', { name: 'Versions' })).toBeVisible();
  await expect(page.getByText('Approved')).toBeVisible();
  await look(page, 'studio-agent');
  await page.getByLabel('Price of a run').fill('7.5');
  await page.getByRole('button', { name: 'Change the price' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Change the price' }).click();
  await expect(page.getByText('Now ₹7.50 a run')).toBeVisible();
  await page.getByRole('button', { name: 'Actions for version 1.0.0' }).click();
  await page.getByRole('menuitem', { name: 'Deprecate…' }).click();
  await page.getByRole('textbox', { name: 'Message' }).fill('2.0 comes soon.');
  await axe(page);
  await page.getByRole('button', { name: 'Deprecate it' }).click();
  await expect(page.getByText('2.0 comes soon.')).toBeVisible();
  await page.getByRole('link', { name: '1.0.0' }).click();
  await expect(page.getByRole('heading', { name: 'Version 1.0.0' })).toBeVisible();
  await settled(page);
  await look(page, 'studio-version');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('button', { name: 'Actions for version 1.0.0' }).click();
  await page.getByRole('menuitem', { name: 'Withdraw…' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('It counts wrongly.');
  await axe(page);
  await page.getByRole('button', { name: 'Withdraw it for good' }).click();
  await expect(page.getByText('It is withdrawn')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Actions for version 1.0.0' })).toHaveCount(0);

  await page.goto('/studio/runs');
  await expect(page.getByText(`…${execution.slice(-8)}`)).toBeVisible();
  await look(page, 'studio-runs');
  await page.goto(`/studio/runs/${execution}`);
  await expect(page.getByText('counting')).toBeVisible();
  await expect(page.getByText('one two three')).toHaveCount(0);
  await look(page, 'studio-run');

  await page.goto('/studio/analytics');
  await expect(page.getByText('₹3.50').first()).toBeVisible();
  await settled(page);
  await look(page, 'studio-analytics');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'By version (CSV)' }).click();
  expect((await download).suggestedFilename()).toBe('versions.csv');

  await page.goto('/studio/reviews');
  await page.getByRole('button', { name: 'Reply' }).click();
  await page.getByLabel('Your reply').fill('Thank you!');
  await page.getByRole('button', { name: 'Reply', exact: true }).click();
  await expect(page.getByText('Your reply,')).toBeVisible();
  await look(page, 'studio-reviews');

  await page.goto('/studio/payouts');
  await page.getByLabel('Account holder').fill('Asha Rao');
  await page.getByLabel('UPI id').fill('not one');
  await page.getByRole('button', { name: 'Save the account' }).click();
  await expect(page.getByText('Such as asha@okbank')).toBeVisible();
  await look(page, 'studio-payouts');
  await page.getByLabel('UPI id').fill('asha@okbank');
  await page.getByRole('textbox', { name: 'Your password' }).fill(account.password);
  await page.getByRole('button', { name: 'Save the account' }).click();
  await expect(page.getByText('New accounts wait')).toBeVisible();
  await page.getByRole('tab', { name: 'Revenue' }).click();
  await expect(page.getByText('+₹3.50')).toBeVisible();
  await look(page, 'studio-revenue');
});
