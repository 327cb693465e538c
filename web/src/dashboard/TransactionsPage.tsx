import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function TransactionsPage() {
  return (
    <Page>
      <PageHeader title="Transactions" />
    </Page>
  );
}
