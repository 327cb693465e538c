import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function StudioAgentsPage() {
  return (
    <Page>
      <PageHeader title="Agents" />
    </Page>
  );
}
