import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function ExplorePage() {
  return (
    <Page>
      <PageHeader title="ExplorePage" />
    </Page>
  );
}
