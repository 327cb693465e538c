/** Agents made for tests: packed, published by the demo developer, approved by the administrator. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Api } from './api';

export interface TestAgent {
  slug: string;
  version: string;
  manifest: Record<string, unknown>;
  /** `index.js` of a Node.js agent. */
  code: string;
}

/** Publishes a version of an agent; returns its id or slug. */
export async function publish(api: Api, agent: TestAgent): Promise<string> {
  const developer = await api.login(api.started.accounts.developer);
  const body = { code_base64: pack(agent) };
  const isFirst = agent.version === '1.0.0';
  const path = isFirst ? '/agents/register' : `/agents/${agent.slug}/versions`;
  let made: { agent_id: string; version_id: string };
  try {
    made = await api.call('POST', path, body, developer.access_token);
  } catch (error) {
    // Another worker of these tests was here before.
    if (/SLUG_TAKEN|VERSION_EXISTS|VERSION_NOT_NEWER/.test(String(error))) return agent.slug;
    throw error;
  }
  if (isFirst) await api.call('POST', `/admin/versions/${made.version_id}/approve`, {}, api.started.admin.access_token);
  return made.agent_id;
}

function pack({ slug, version, manifest, code }: TestAgent): string {
  const folder = mkdtempSync(join(tmpdir(), 'frameos-agent-'));
  const whole = {
    name: slug, slug, version, description: 'An agent that tests the web UI.', category: 'testing',
    runtime: { language: 'nodejs', version: '20', entrypoint: 'index.js', timeout_ms: 60_000, memory_mb: 128 },
    pricing: { model: 'per_execution', amount: 50, currency: 'INR' }, capabilities: [], inputs: [], outputs: [],
    ...manifest,
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(whole));
  writeFileSync(join(folder, 'index.js'), code);
  const packed = execFileSync('tar', ['-czf', '-', '-C', folder, '.']);
  rmSync(folder, { recursive: true });
  return packed.toString('base64');
}

/** Deploys an agent for a user; returns the deployment's id. */
export async function deploy(api: Api, token: string, slug: string, config: Record<string, unknown> = {}, version?: string): Promise<string> {
  const made = await api.call<{ deployment_id: string }>('POST', `/agents/${slug}/deploy`, { config, version }, token);
  return made.deployment_id;
}

export async function execute(api: Api, token: string, slug: string, deployment: string, inputs: Record<string, unknown> = {}): Promise<string> {
  const body = { deployment_id: deployment, inputs };
  return (await api.call<{ execution_id: string }>('POST', `/agents/${slug}/execute`, body, token)).execution_id;
}

/** Waits for the end of a run. */
export async function ended(api: Api, token: string, execution: string): Promise<string> {
  for (;;) {
    const { status } = await api.call<{ status: string }>('GET', `/executions/${execution}`, undefined, token);
    if (!['queued', 'running', 'settling'].includes(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A new user with test money. */
export async function fundedUser(api: Api, amount = 50_000): Promise<{ account: Awaited<ReturnType<Api['register']>>; token: string }> {
  const account = await api.register('user');
  const token = (await api.login(account)).access_token;
  await api.call('POST', '/wallet/top-ups', { amount }, token);
  return { account, token };
}
