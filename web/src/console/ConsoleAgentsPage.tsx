import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function ConsoleAgentsPage() {
  return (
    <Page>
      <PageHeader title="Agents" />
    </Page>
  );
}
