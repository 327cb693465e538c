import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function PolicyPage() {
  return (
    <Page>
      <PageHeader title="Spending policy" />
    </Page>
  );
}
