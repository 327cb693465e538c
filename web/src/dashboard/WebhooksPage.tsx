import { Button, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Plus, Webhook as WebhookIcon } from 'lucide-react';
import { useState } from 'react';

import { SecretOnce } from '@/account/SecretOnce';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { webhooksQuery } from './queries';
import { WebhookCard } from './webhooks/WebhookCard';
import { WebhookDialog } from './webhooks/WebhookDialog';

export function WebhooksPage() {
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const list = useQuery(webhooksQuery());
  const make = (
    <Button leftSection={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      New webhook
    </Button>
  );
  return (
    <Page>
      <PageHeader title="Webhooks" actions={list.data?.webhooks.length ? make : undefined}>
        FrameOS tells your server how your runs ended, signed as Standard Webhooks says.
      </PageHeader>
      <Stack aria-busy={!list.data && !list.error}>
        {secret && (
          <SecretOnce title="The signing secret" secret={secret} label="the secret" onDone={() => setSecret(null)}>
            Your server checks with it that a delivery is from here. Copy it now: it is not shown again.
          </SecretOnce>
        )}
        {list.error && !list.data ? (
          <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        ) : list.data ? (
          list.data.webhooks.map((webhook) => <WebhookCard key={webhook.id} webhook={webhook} onSecret={setSecret} />)
        ) : (
          [1, 2].map((at) => <Skeleton key={at} h={120} radius="lg" />)
        )}
        {list.data?.webhooks.length === 0 && (
          <EmptyState icon={WebhookIcon} title="You have no webhooks" action={make}>
            With one, your own programs need not ask again and again whether a run has ended.
          </EmptyState>
        )}
      </Stack>
      {isMaking && (
        <WebhookDialog
          onClose={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            setSecret(made);
          }}
        />
      )}
    </Page>
  );
}
