import { BellOff } from 'lucide-react';

import { EmptyState } from '@/shared/EmptyState';
import { ButtonLink } from '@/shared/links';
import { Page } from '@/shared/Page';
import { usePageTitle } from '@/shared/usePageTitle';

/** Not in the navigation: the API has no notifications to choose from. */
export function NotificationsPage() {
  usePageTitle('Notifications');
  return (
    <Page>
      <EmptyState order={1} icon={BellOff} title="There is nothing to choose here yet" action={<ButtonLink to="/dashboard/webhooks">Set up a webhook</ButtonLink>}>
        This server sends the mails that an account needs, and no others. A webhook tells a program of yours how runs ended.
      </EmptyState>
    </Page>
  );
}
