import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { meQuery } from '@/session/me';
import { ErrorState } from '@/shared/ErrorState';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { DataPanel } from './DataPanel';
import { PasswordPanel } from './PasswordPanel';
import { SecondFactorPanel } from './SecondFactorPanel';
import { SessionsPanel } from './SessionsPanel';

export function SecurityPage() {
  const me = useQuery(meQuery());
  return (
    <Page size="md" ml={0}>
      <PageHeader title="Security">{me.data ? `${me.data.name}, ${me.data.email}` : 'Your password, second factor and sessions.'}</PageHeader>
      {me.data ? (
        <Stack gap="lg">
          <SecondFactorPanel me={me.data} />
          <PasswordPanel me={me.data} />
          <SessionsPanel />
          <DataPanel me={me.data} />
        </Stack>
      ) : me.error ? (
        <ErrorState error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <Stack aria-busy="true">
          <Skeleton h={150} radius="lg" />
          <Skeleton h={260} radius="lg" />
          <Skeleton h={220} radius="lg" />
        </Stack>
      )}
    </Page>
  );
}
