import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function SubscriptionsPage() {
  return (
    <Page>
      <PageHeader title="Subscriptions" />
    </Page>
  );
}
