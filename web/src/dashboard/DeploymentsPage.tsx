import { Stack, Skeleton, Pagination } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';

import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { ButtonLink } from '@/shared/links';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { DeploymentCard } from './deployments/DeploymentCard';
import { deploymentsQuery } from './queries';

const LIMIT = 20;

export function DeploymentsPage() {
  const { page = 1 } = useSearch({ from: '/dashboard/deployments' });
  const navigate = useNavigate();
  const list = useQuery(deploymentsQuery({ page, limit: LIMIT }));
  const pages = list.data ? Math.ceil(list.data.total / LIMIT) : 0;
  return (
    <Page>
      <PageHeader title="Deployments" actions={<ButtonLink to="/explore" variant="default">Deploy an agent</ButtonLink>}>
        Agents you have set up: their version, and the configuration and secrets they run with.
      </PageHeader>
      {list.error && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <Stack aria-busy={!list.data}>
          {!list.data && [1, 2, 3].map((at) => <Skeleton key={at} h={112} radius="lg" />)}
          {list.data?.deployments.map((deployment) => <DeploymentCard key={deployment.id} deployment={deployment} />)}
          {list.data?.total === 0 && (
            <EmptyState icon={Boxes} title="You have deployed no agent yet" action={<ButtonLink to="/explore">Explore agents</ButtonLink>}>
              A deployment is an agent with your configuration. Trying an agent makes one.
            </EmptyState>
          )}
          {pages > 1 && (
            <Pagination
              total={pages}
              value={page}
              onChange={(next) => void navigate({ to: '/dashboard/deployments', search: { page: next } })}
              getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            />
          )}
        </Stack>
      )}
    </Page>
  );
}
