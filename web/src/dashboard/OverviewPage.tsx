import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function OverviewPage() {
  return (
    <Page>
      <PageHeader title="Overview" />
    </Page>
  );
}
