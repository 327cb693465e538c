import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function ConsoleOverviewPage() {
  return (
    <Page>
      <PageHeader title="Overview" />
    </Page>
  );
}
