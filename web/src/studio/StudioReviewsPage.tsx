import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function StudioReviewsPage() {
  return (
    <Page>
      <PageHeader title="Reviews" />
    </Page>
  );
}
