import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function RunPage() {
  return (
    <Page>
      <PageHeader title="Run" />
    </Page>
  );
}
