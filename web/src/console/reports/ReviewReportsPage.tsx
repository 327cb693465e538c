import { Alert, Badge, Button, Group, Pagination, Paper, Rating, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Eye, EyeOff, MessageSquareWarning } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { sentence } from '@/api/errors';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';

import { reportsQuery } from '../queries';
import { type Act, ReasonDialog } from '../ReasonDialog';
import type { ReportedReview } from '../types';

const route = getRouteApi('/console/review-reports');

function hiding({ review }: ReportedReview): Act {
  const params = { path: { review: review.id } };
  return review.hidden_reason
    ? {
        title: 'Show the review again',
        says: 'Everybody can read it again, and it counts for the rating.',
        verb: 'Show it',
        done: 'The review is shown again.',
        run: (reason) => take(client.POST('/admin/user-reviews/{review}/show', { params, body: { reason } })),
      }
    : {
        title: 'Hide the review',
        says: 'Nobody but its author sees it then, with your reason.',
        verb: 'Hide it',
        danger: true,
        isReasonNeeded: true,
        isTold: true,
        done: 'The review is hidden.',
        run: (reason) => take(client.POST('/admin/user-reviews/{review}/hide', { params, body: { reason } })),
      };
}

/** Reviews that somebody reported. */
export function ReviewReportsPage() {
  const { page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/console/review-reports' });
  const queries = useQueryClient();
  const [act, setAct] = useState<Act | null>(null);
  const { data, error, refetch } = useQuery(reportsQuery({ page, limit }));
  return (
    <Page>
      <PageHeader title="Reported reviews">Users and developers reported these. Hide what breaks the rules; leave what is only harsh.</PageHeader>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Stack aria-busy>
          <Skeleton h={140} radius="lg" />
          <Skeleton h={140} radius="lg" />
        </Stack>
      ) : data.reports.length === 0 ? (
        <EmptyState icon={MessageSquareWarning} title="No review is reported">
          Reports appear here when somebody makes one.
        </EmptyState>
      ) : (
        <Stack gap="md">
          {data.reports.map((entry) => (
            <Reported key={entry.review.id} entry={entry} onAct={() => setAct(hiding(entry))} />
          ))}
          {data.total > limit && (
            <Pagination
              total={Math.ceil(data.total / limit)}
              value={page}
              onChange={(to) => void navigate({ search: { page: to } })}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
              getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
            />
          )}
        </Stack>
      )}
      <ReasonDialog act={act} onClose={() => setAct(null)} onDone={() => queries.invalidateQueries({ queryKey: ['console', 'reports'] })} />
    </Page>
  );
}

function Reported({ entry, onAct }: { entry: ReportedReview; onAct: () => void }) {
  const { review } = entry;
  const isHidden = Boolean(review.hidden_reason);
  return (
    <Paper p="md" component="article" aria-label={`Review by ${review.author.name}`}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Group gap="xs">
          <Rating role="img" value={review.rating} readOnly size="sm" color="var(--app-star)" aria-label={`${review.rating} of 5 stars`} />
          <Text size="sm">
            {review.author.name} of{' '}
            <AnchorLink to="/a/$slug" params={{ slug: entry.slug }} size="sm">
              {entry.slug}
            </AnchorLink>
          </Text>
          <Text size="sm" c="dimmed">
            <Time at={review.created_at} />
          </Text>
          {isHidden && <Badge color="gray">Hidden</Badge>}
        </Group>
        <Button
          size="xs"
          variant="default"
          leftSection={isHidden ? <Eye size={14} aria-hidden /> : <EyeOff size={14} aria-hidden />}
          onClick={onAct}
        >
          {isHidden ? 'Show it again…' : 'Hide it…'}
        </Button>
      </Group>
      {review.title && (
        <Title order={2} size="h4" mt="xs">
          {review.title}
        </Title>
      )}
      {review.text && (
        <Text size="sm" mt={4} style={{ whiteSpace: 'pre-wrap' }}>
          {review.text}
        </Text>
      )}
      <Alert color={isHidden ? 'gray' : 'orange'} mt="sm" title={`Reported by ${plural(entry.reports, 'account')}`}>
        The latest reason given: {sentence(entry.reason)} First reported <Time at={entry.first_reported_at} />.
        {review.hidden_reason && ` Hidden: ${sentence(review.hidden_reason)}`}
      </Alert>
    </Paper>
  );
}
