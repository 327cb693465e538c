import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function WebhooksPage() {
  return (
    <Page>
      <PageHeader title="Webhooks" />
    </Page>
  );
}
