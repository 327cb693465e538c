import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function StudioPayoutsPage() {
  return (
    <Page>
      <PageHeader title="Payouts" />
    </Page>
  );
}
