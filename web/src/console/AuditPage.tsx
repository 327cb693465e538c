import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function AuditPage() {
  return (
    <Page>
      <PageHeader title="Audit log" />
    </Page>
  );
}
