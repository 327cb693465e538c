/** Following a run that prints a thousand lines: no frame later than 100 ms, with the processor to itself. Figures go to the console. */
import { deploy, execute, fundedUser, publish } from '../helpers/agents';
import { expect, test } from '../helpers/test';
import { chatty } from '../helpers/testAgents';

const LONGEST_MS = 100;

interface Seen {
  /** The longest time between two frames. */
  frame: number;
  /** The longest that the page itself kept the browser busy. */
  task: number;
  at: number;
}

test('a thousand lines of a log', async ({ page, api }) => {
  await publish(api, chatty);
  const { account, token } = await fundedUser(api);
  await api.signIn(page, account);
  const deployment = await deploy(api, token, 'web-chatty');
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      const { seen } = window as unknown as { seen?: Seen };
      for (const entry of list.getEntries()) if (seen && entry.startTime >= seen.at) seen.task = Math.max(seen.task, entry.duration);
    }).observe({ type: 'longtask' });
  });
  const id = await execute(api, token, 'web-chatty', deployment, { lines: 1000, ms: 5_000 });
  await page.goto(`/runs/${id}`);
  await expect(page.locator('[data-log-line]').first()).toBeAttached();
  await page.evaluate(() => {
    const seen: Seen = { frame: 0, task: 0, at: performance.now() };
    (window as unknown as { seen: Seen }).seen = seen;
    let last = seen.at;
    const frame = (now: number) => {
      seen.frame = Math.max(seen.frame, now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await expect(page.getByText('1,000 lines')).toBeVisible({ timeout: 60_000 });
  const seen = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
  console.log(`1,000 lines: the longest frame ${Math.round(seen.frame)} ms, the longest task ${Math.round(seen.task)} ms`);
  expect(seen.frame).toBeLessThanOrEqual(LONGEST_MS);
});
