import { Group, Pagination, SegmentedControl, Skeleton, Stack } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Star } from 'lucide-react';

import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { formatCount } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { AgentSelect } from '../AgentSelect';
import { developerReviewsQuery } from '../queries';
import { ReviewCard } from './ReviewCard';

const route = getRouteApi('/studio/reviews');

/** What users say of one's agents, to answer. */
export function StudioReviewsPage() {
  const { agent, unanswered, page = 1, limit = 20 } = route.useSearch();
  const navigate = useNavigate({ from: '/studio/reviews' });
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...developerReviewsQuery({ agent_id: agent, unanswered, page, limit }),
    placeholderData: keepPreviousData,
  });
  const set = (next: object) => void navigate({ search: (old: object) => ({ ...old, page: undefined, ...next }) });
  return (
    <Page>
      <PageHeader title="Reviews">
        What users say about your agents. Your reply stands below the review, for everybody to read.
      </PageHeader>
      <Group mb="lg" gap="sm">
        <AgentSelect value={agent} onChange={(id) => set({ agent: id })} />
        <SegmentedControl
          aria-label="Which reviews"
          value={unanswered ? 'unanswered' : 'all'}
          onChange={(value) => set({ unanswered: value === 'unanswered' || undefined })}
          data={[
            { value: 'all', label: 'All' },
            { value: 'unanswered', label: data ? `No reply yet (${formatCount(data.unanswered)})` : 'No reply yet' },
          ]}
        />
      </Group>
      {error && !data ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Stack aria-busy>
          {[0, 1, 2].map((key) => (
            <Skeleton key={key} h={130} radius="lg" />
          ))}
        </Stack>
      ) : data.reviews.length === 0 ? (
        <EmptyState icon={Star} title={unanswered ? 'You have replied to every review' : 'No reviews yet'}>
          {unanswered ? undefined : 'Users can review an agent once they have run it.'}
        </EmptyState>
      ) : (
        <Stack gap="md" aria-busy={isPlaceholderData}>
          {data.reviews.map((entry) => (
            <ReviewCard key={entry.review.id} review={entry.review} agent={entry.agent_slug} agentName={entry.agent_name} />
          ))}
          {data.total > limit && (
            <Pagination
              total={Math.ceil(data.total / limit)}
              value={page}
              onChange={(to) => set({ page: to > 1 ? to : undefined })}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
              getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
            />
          )}
        </Stack>
      )}
    </Page>
  );
}
