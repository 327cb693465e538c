import type { Session } from '@/session/store';

import { NotificationsBell } from './NotificationsBell';
import { UserMenu } from './UserMenu';

/** What the header has for whoever is signed in; loaded by itself, since the first visit does without. */
export default function AccountCorner({ session }: { session: Session }) {
  return (
    <>
      {/* Administrators are told nothing: their work is in the console's queues. */}
      {session.role !== 'admin' && <NotificationsBell role={session.role} />}
      <UserMenu session={session} />
    </>
  );
}
