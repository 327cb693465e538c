/**
 * From a filled-in form to a run: sign in, deploy, start.
 *
 * Invariants: nothing typed is lost on the way; one click starts at most one run, however often its requests are sent.
 */
import { client, take } from '@/api/client';
import { ApiError } from '@/api/errors';
import { queryClient } from '@/api/query';
import { uniqueKey } from '@/session/key';
import { signInAsk } from '@/session/prompt';
import { sessionNow } from '@/session/store';
import type { Field } from '@/shared/schema/types';

import type { AgentPageData } from '../types';

export interface Wish {
  agent: AgentPageData;
  fields: Field[];
  values: Record<string, unknown>;
  /** Which deployment to run with; a new one when there is none. */
  deployment: string | undefined;
  /** The price that was agreed to, in minor units, where the policy wants to be asked. */
  confirmedAmount?: number;
  /** One per click. */
  key: string;
}

/** Whoever asked was not signed in, and did not sign in. */
export class NotSignedIn extends Error {}

export const wishKey = uniqueKey;

/** Starts the run. Gives its id. */
export async function runStart(wish: Wish): Promise<string> {
  if (sessionNow()?.role !== 'user') {
    const reason = `Sign in to run ${wish.agent.name}. What you filled in stays.`;
    if (!(await signInAsk({ reason, role: 'user' }))) throw new NotSignedIn('not signed in');
  }
  const deployment = wish.deployment ?? (await deploy(wish));
  const started = await take(
    client.POST('/agents/{agent}/execute', {
      params: { path: { agent: wish.agent.slug }, header: { 'Idempotency-Key': `${wish.key}-run` } },
      body: { deployment_id: deployment, inputs: wish.values, confirmed_amount: wish.confirmedAmount },
    }),
  );
  void queryClient.invalidateQueries({ queryKey: ['executions'] });
  void queryClient.invalidateQueries({ queryKey: ['wallet'] });
  return 'execution_id' in started ? started.execution_id : started.id;
}

/** Secrets are kept with the deployment, so that the next run need not be told them again. */
async function deploy({ agent, fields, values, key }: Wish): Promise<string> {
  const secrets = fields.filter((field) => field.secret && values[field.name] !== undefined);
  const config = Object.fromEntries(secrets.map((field) => [field.name, values[field.name]]));
  const deployed = await take(
    client.POST('/agents/{agent}/deploy', {
      params: { path: { agent: agent.slug }, header: { 'Idempotency-Key': `${key}-deploy` } },
      body: { config },
    }),
  );
  void queryClient.invalidateQueries({ queryKey: ['deployments'] });
  return deployed.deployment_id;
}

/** Whether the user's policy only wants the price to be confirmed; the price it asks about, then. */
export function priceToConfirm(error: unknown): number | undefined {
  if (!(error instanceof ApiError) || error.code !== 'POLICY_REFUSED') return undefined;
  const details = error.details as { rule?: string; asked?: unknown } | null;
  const isAsked = details?.rule === 'confirm_above' || details?.rule === 'confirmed_amount';
  return isAsked && typeof details?.asked === 'number' ? details.asked : undefined;
}
