import { Breadcrumbs, Group, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { reviewQuery } from '../queries';
import { Workbench } from './Workbench';

const route = getRouteApi('/console/reviews/$version');

/** One version before its reviewer. */
export function WorkbenchPage() {
  const { version: id } = route.useParams();
  const { data, error, refetch } = useQuery(reviewQuery(id));
  if (error && !data) {
    return (
      <Page>
        <PageHeader title="Review" />
        <ErrorState error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  return (
    <Page fluid>
      <Breadcrumbs mb="xs" fz="sm">
        <AnchorLink to="/console/reviews" size="sm">
          Review queue
        </AnchorLink>
      </Breadcrumbs>
      {data ? (
        <Workbench
          key={data.version_id}
          version={data}
          heading={
            <Group gap="xs" component="span">
              <StatusBadge status={data.review_status} />
              {data.developer_name && <span>by {data.developer_name}</span>}
              {data.submitted_at && (
                <span>
                  submitted <Time at={data.submitted_at} />
                </span>
              )}
            </Group>
          }
        />
      ) : (
        <Stack aria-busy gap="md">
          <PageHeader title="Review" />
          <Skeleton h={90} radius="lg" />
          <Skeleton h={420} radius="lg" />
        </Stack>
      )}
    </Page>
  );
}
