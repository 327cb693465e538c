/** Short words about what was done, and about what failed where no form can show it. */
import { notifications } from '@mantine/notifications';
import { Check, CircleAlert } from 'lucide-react';

import { ApiError, messageOf } from '@/api/errors';

export function notifyDone(message: string): void {
  notifications.show({ message, color: 'green', icon: <Check size={16} aria-hidden />, autoClose: 4_000 });
}

export function notifyFailed(error: unknown, title = 'That did not work'): void {
  const id = error instanceof ApiError && error.requestId ? ` (request ${error.requestId})` : '';
  notifications.show({
    title,
    message: `${messageOf(error)}${id}`,
    color: 'red',
    icon: <CircleAlert size={16} aria-hidden />,
    autoClose: 10_000,
  });
}
