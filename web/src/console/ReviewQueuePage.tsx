import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function ReviewQueuePage() {
  return (
    <Page>
      <PageHeader title="Review queue" />
    </Page>
  );
}
