import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

export function WalletPage() {
  return (
    <Page>
      <PageHeader title="Wallet" />
    </Page>
  );
}
