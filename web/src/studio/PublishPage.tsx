import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function PublishPage() {
  return (
    <Page>
      <PageHeader title="Publish" />
    </Page>
  );
}
