import { defineConfig } from '@playwright/test';

import base from './playwright.config';

/** One at a time, so that nothing else takes the processor. */
export default defineConfig({ ...base, testDir: 'e2e/bench', testIgnore: [], workers: 1, fullyParallel: false, use: { ...base.use, trace: 'off' } });
