import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function NotificationsPage() {
  return (
    <Page>
      <PageHeader title="Notifications" />
    </Page>
  );
}
