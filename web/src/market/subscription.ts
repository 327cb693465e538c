import type { Schemas } from '@/api/types';

/** The user's subscription to an agent, unless it has ended. */
export function subscriptionOf(agent: { id: string }, subscriptions: Schemas['Subscription'][] | undefined) {
  return subscriptions?.find(({ agent_id, status }) => agent_id === agent.id && status !== 'ended');
}
