/** Agents for the tests of the studio and the console: small bundles, packed as developers' own tools would. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Page } from './helpers/test';

import type { Api } from './helpers/api';

let made = 0;
/** A slug that no other test has. */
export const freshSlug = (name: string): string => `${name}-${process.pid}-${Date.now().toString(36)}-${made++}`;

export const HASHING = `import hashlib


def fingerprint(text):
    return hashlib.md5(text.encode()).hexdigest()


def main(inputs, ctx):
    text = inputs["text"]
    ctx.log("fingerprint " + fingerprint(text))
    return {"words": len(text.split())}
`;
export const CLEAN = `def main(inputs, ctx):
    print("counting")
    return {"words": len(inputs["text"].split())}
`;
export const EVAL = `def main(inputs, ctx):
    return {"words": eval(inputs["text"])}
`;

export function manifest(slug: string, more: object = {}): object {
  return {
    name: 'Word counter',
    slug,
    description: 'Counts the words of a text.',
    category: 'text',
    version: '1.0.0',
    tags: ['text', 'counting'],
    pricing: { model: 'per_execution', amount: 50, currency: 'INR' },
    runtime: { language: 'python', version: '3.11', entrypoint: 'main.py', timeout_ms: 20000, memory_mb: 128 },
    inputs: [{ name: 'text', type: 'string', required: true, description: 'What to count.' }],
    outputs: [{ name: 'words', type: 'integer' }],
    capabilities: [],
    ...more,
  };
}

/** A folder with these files. */
export function folder(files: Record<string, string>): string {
  const root = join(mkdtempSync(join(tmpdir(), 'frameos-agent-')), 'word-counter');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

export const packed = (files: Record<string, string>): string =>
  execFileSync('tar', ['-C', folder(files), '-czf', '-', '.']).toString('base64');

/** Submits an agent; the answer names its ids. */
export function submit(api: Api, token: string, slug: string, code: string, more: object = {}) {
  return api.call<{ agent_id: string; version_id: string }>(
    'POST',
    '/agents/register',
    { code_base64: packed({ 'manifest.json': JSON.stringify(manifest(slug, more), null, 2), 'main.py': code, 'README.md': '# Words\n' }) },
    token,
  );
}

/** A run of `slug` by `token`'s user, when it has ended. */
export async function run(api: Api, token: string, slug: string, inputs: object): Promise<string> {
  const { deployment_id: deployment } = await api.call<{ deployment_id: string }>('POST', `/agents/${slug}/deploy`, { config: {} }, token);
  const started = await api.call<{ execution_id: string }>('POST', `/agents/${slug}/execute`, { deployment_id: deployment, inputs }, token);
  for (;;) {
    const { status } = await api.call<{ status: string }>('GET', `/executions/${started.execution_id}`, undefined, token);
    if (!['queued', 'running', 'settling'].includes(status)) return started.execution_id;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Charts and other parts that come by themselves are there. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
}
