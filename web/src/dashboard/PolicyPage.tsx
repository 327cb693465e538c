import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { ErrorState } from '@/shared/ErrorState';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { PolicyForm } from './policy/PolicyForm';
import { policyQuery } from './queries';

export function PolicyPage() {
  // What is being edited must not change under the hands; the server tells when somebody else changed it.
  const policy = useQuery({ ...policyQuery(), refetchOnWindowFocus: false, refetchOnReconnect: false });
  return (
    <Page size="md" ml={0}>
      <PageHeader title="Spending policy">
        What may be spent from your wallet, on what, and when to ask you first. It is checked before every run and every
        payment, also for programs that use your access tokens. They cannot change it.
      </PageHeader>
      {policy.data ? (
        <PolicyForm key={policy.data.revision ?? 0} policy={policy.data} />
      ) : policy.error ? (
        <ErrorState error={policy.error} onRetry={() => void policy.refetch()} />
      ) : (
        <Stack aria-busy="true">
          <Skeleton h={90} radius="lg" />
          <Skeleton h={300} radius="lg" />
          <Skeleton h={300} radius="lg" />
        </Stack>
      )}
    </Page>
  );
}
