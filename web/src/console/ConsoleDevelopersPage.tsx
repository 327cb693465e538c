import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function ConsoleDevelopersPage() {
  return (
    <Page>
      <PageHeader title="Developers" />
    </Page>
  );
}
