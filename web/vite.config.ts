import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { mantineCss } from './scripts/mantine-css.ts';
import { pagePreload } from './scripts/page-preload.ts';
import { startAfterPaint } from './scripts/start-after-paint.ts';

const server = process.env.FRAMEOS_URL ?? 'http://127.0.0.1:8080';

/** The API is at the root, so the development server passes these on; the UI keeps clear of them. */
export const API_PREFIXES = [
  'agents',
  'executions',
  'me',
  'wallet',
  'policy',
  'admin',
  'developers',
  'users',
  'auth',
  'deployments',
  'subscriptions',
  'webhooks',
  'providers',
  'categories',
  'docs',
  'openapi.json',
  'healthz',
  'readyz',
  'metrics',
  '.well-known',
  'shared-runs',
];
const escaped = API_PREFIXES.map((prefix) => prefix.replace('.', '\\.')).join('|');

export default defineConfig({
  plugins: [mantineCss(), react(), pagePreload(), startAfterPaint()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    port: Number(process.env.PORT ?? 5173),
    proxy: { [`^/(${escaped})(/|\\?|$)`]: { target: server, changeOrigin: false } },
  },
  build: {
    target: 'es2022',
    // These know `light-dark()`; older targets get a rewriting of it that does not see Mantine's colour scheme.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    // What every page needs is one file, what forms and lists need another: a hundred small ones cost a slow processor,
    // and HTTP/1.1, more than they save.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'first', tags: ['$initial'], priority: 1 },
            { name: 'controls', test: /@mantine\/(core|hooks|form)\/|\/lucide-react\/|\/src\/shared\//, minShareCount: 3 },
          ],
        },
      },
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    // Money and time are written in the reader's locale and zone: tests need one of each.
    env: { TZ: 'UTC', LC_ALL: 'en_US.UTF-8' },
  },
});
