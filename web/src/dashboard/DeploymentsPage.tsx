import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function DeploymentsPage() {
  return (
    <Page>
      <PageHeader title="Deployments" />
    </Page>
  );
}
