import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function TokensPage() {
  return (
    <Page>
      <PageHeader title="Access tokens" />
    </Page>
  );
}
