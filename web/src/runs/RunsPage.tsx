import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function RunsPage() {
  return (
    <Page>
      <PageHeader title="Runs" />
    </Page>
  );
}
