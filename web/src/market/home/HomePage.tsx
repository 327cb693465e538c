import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function HomePage() {
  return (
    <Page>
      <PageHeader title="HomePage" />
    </Page>
  );
}
