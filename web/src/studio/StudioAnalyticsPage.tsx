import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function StudioAnalyticsPage() {
  return (
    <Page>
      <PageHeader title="Analytics" />
    </Page>
  );
}
