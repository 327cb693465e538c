import { defineConfig } from '@playwright/test';

/** Debian's Chromium; Playwright's own browsers are not downloaded. */
export const chromium = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // As root, as in the continuous integration, Chromium's own sandbox does not start.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
};

export default defineConfig({
  testDir: 'e2e',
  testIgnore: 'bench/**',
  globalSetup: './e2e/setup/server.ts',
  outputDir: '../target/web/results',
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  // A browser on a machine that is busy elsewhere now and then takes longer than anybody planned for; Playwright says "flaky".
  retries: process.env.CI ? 1 : 0,
  timeout: 180_000,
  expect: { timeout: 10_000 },
  reporter: process.env.CI ? [['list']] : [['list']],
  use: {
    browserName: 'chromium',
    locale: 'en-IN',
    timezoneId: 'Asia/Kolkata',
    viewport: { width: 1280, height: 800 },
    launchOptions: chromium,
    trace: 'retain-on-failure',
  },
});
