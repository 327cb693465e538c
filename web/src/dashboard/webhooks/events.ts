/** What a webhook can tell, in words. */
import type { WebhookChoice } from '../types';

export const EVENTS: { value: WebhookChoice; label: string }[] = [
  { value: 'execution.succeeded', label: 'a run succeeded' },
  { value: 'execution.failed', label: 'a run failed' },
  { value: 'execution.timeout', label: 'a run ran out of time' },
  { value: 'execution.cancelled', label: 'a run was cancelled' },
  { value: 'execution.refunded', label: 'money of a run came back' },
];

export function eventWords(event: string): string {
  if (event === 'webhook.test') return 'a test';
  return EVENTS.find(({ value }) => value === event)?.label ?? event;
}
