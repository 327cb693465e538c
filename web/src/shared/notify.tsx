/** Short words about what was done, and about what failed where no form can show it. The corner they stand in is loaded by the first. */
import { Check, CircleAlert } from 'lucide-react';

import { ApiError, messageOf } from '@/api/errors';

const named = { closeButtonProps: { 'aria-label': 'Close the message' } };

export function notifyDone(message: string, title?: string): void {
  void corner().then(({ notifications }) =>
    notifications.show({ ...named, title, message, color: 'green', icon: <Check size={16} aria-hidden />, autoClose: 5_000 }),
  );
}

export function notifyFailed(error: unknown, title = 'That did not work'): void {
  const id = error instanceof ApiError && error.requestId ? ` (request ${error.requestId})` : '';
  const message = `${messageOf(error)}${id}`;
  void corner().then(({ notifications }) =>
    notifications.show({ ...named, title, message, color: 'red', icon: <CircleAlert size={16} aria-hidden />, autoClose: 12_000 }),
  );
}

let isWanted = false;
const listeners = new Set<() => void>();

function corner() {
  isWanted = true;
  for (const listener of listeners) listener();
  return import('@mantine/notifications');
}

export function notifySubscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const notifyIsWanted = (): boolean => isWanted;
