import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function RefundsPage() {
  return (
    <Page>
      <PageHeader title="Refunds" />
    </Page>
  );
}
