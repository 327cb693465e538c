import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function SharedRunPage() {
  return (
    <Page>
      <PageHeader title="Shared run" />
    </Page>
  );
}
