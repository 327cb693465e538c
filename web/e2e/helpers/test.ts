/** The tests' own `test`: pages of the started server, accounts, and no error in any console. */
import { expect, test as base, type Page } from '@playwright/test';

import type { Started } from '../setup/server';
import { type Api, apiFor } from './api';

export function started(): Started {
  const said = process.env.WEB_TEST_STARTED;
  if (!said) throw new Error('the server was not started: run the tests by `npm run e2e`');
  return JSON.parse(said) as Started;
}

interface Fixtures {
  /** The API as the test uses it to prepare things. */
  api: Api;
  /** Errors that a test expects in the console, as parts of their texts. */
  expectedErrors: string[];
}

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => use(started().url),
  api: async ({}, use) => use(apiFor(started())),
  expectedErrors: [[], { option: true }],
  page: async ({ page, expectedErrors }, use) => {
    const errors: string[] = [];
    page.on('console', (message) => {
      // Chromium reports each refused request here; what pages make of those is what the tests look at.
      const isAnswer = /^Failed to load resource: the server responded with a status of 4/.test(message.text());
      if (message.type() === 'error' && !isAnswer) errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    await use(page);
    const unexpected = errors.filter((text) => !expectedErrors.some((part) => text.includes(part)));
    expect(unexpected, 'errors in the console').toEqual([]);
  },
});

export { expect, type Page };
