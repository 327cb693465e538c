import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function SecurityPage() {
  return (
    <Page>
      <PageHeader title="Security" />
    </Page>
  );
}
