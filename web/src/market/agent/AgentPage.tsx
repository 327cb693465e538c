import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function AgentPage() {
  return (
    <Page>
      <PageHeader title="AgentPage" />
    </Page>
  );
}
