import { Badge } from '@mantine/core';
import {
  Ban, CheckCircle2, CircleAlert, CircleDashed, CircleDot, CirclePause, Clock, Hourglass, Loader, type LucideIcon, XCircle,
} from 'lucide-react';

import { words } from './words';

interface Look {
  color: string;
  icon: LucideIcon;
  label: string;
}

const look = (color: string, icon: LucideIcon, label: string): Look => ({ color, icon, label });

/** Every state that the API names, in the words and the colour it has on all pages. Colour never says it alone. */
const LOOKS: Record<string, Look> = {
  // Runs
  queued: look('gray', Clock, 'Queued'),
  running: look('blue', Loader, 'Running'),
  settling: look('blue', Hourglass, 'Settling'),
  success: look('green', CheckCircle2, 'Succeeded'),
  failed: look('red', XCircle, 'Failed'),
  timeout: look('orange', Clock, 'Timed out'),
  cancelled: look('gray', Ban, 'Cancelled'),
  // Deployments, subscriptions, versions, agents
  configured: look('green', CheckCircle2, 'Ready'),
  paused: look('yellow', CirclePause, 'Paused'),
  active: look('green', CheckCircle2, 'Active'),
  past_due: look('orange', CircleAlert, 'Payment due'),
  ended: look('gray', CircleDashed, 'Ended'),
  pending: look('yellow', Hourglass, 'Pending'),
  pending_review: look('yellow', Hourglass, 'In review'),
  approved: look('green', CheckCircle2, 'Approved'),
  rejected: look('red', XCircle, 'Rejected'),
  published: look('green', CheckCircle2, 'Published'),
  draft: look('gray', CircleDashed, 'Draft'),
  deprecated: look('orange', CircleAlert, 'Deprecated'),
  yanked: look('red', Ban, 'Withdrawn'),
  banned: look('red', Ban, 'Banned'),
  suspended: look('red', Ban, 'Suspended'),
  // Scans
  pass: look('green', CheckCircle2, 'Passed'),
  flag: look('yellow', CircleAlert, 'Flagged'),
  reject: look('red', XCircle, 'Rejected'),
  // Money
  settled: look('green', CheckCircle2, 'Settled'),
  expired: look('gray', CircleDashed, 'Expired'),
  reversed: look('orange', CircleAlert, 'Reversed'),
  paid: look('green', CheckCircle2, 'Paid'),
  open: look('yellow', CircleDot, 'Open'),
  given_up: look('red', XCircle, 'Given up'),
  sent: look('blue', Hourglass, 'On its way'),
  returned: look('orange', CircleAlert, 'Returned'),
  // Deliveries and workers
  delivered: look('green', CheckCircle2, 'Delivered'),
  live: look('green', CheckCircle2, 'Live'),
  draining: look('yellow', Hourglass, 'Draining'),
  lost: look('red', CircleAlert, 'Lost'),
};

export function StatusBadge({ status, size = 'md' }: { status: string; size?: 'sm' | 'md' | 'lg' }) {
  const { color, icon: Icon, label } = LOOKS[status] ?? look('gray', CircleDot, words(status));
  return (
    <Badge color={color} size={size} miw="max-content" leftSection={<Icon size={12} aria-hidden />}>
      {label}
    </Badge>
  );
}
