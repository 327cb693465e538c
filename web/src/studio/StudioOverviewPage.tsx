import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function StudioOverviewPage() {
  return (
    <Page>
      <PageHeader title="Studio" />
    </Page>
  );
}
