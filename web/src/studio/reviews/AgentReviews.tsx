import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Star } from 'lucide-react';

import { reviewsQuery } from '@/market/queries';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';

import { ownAgentsQuery } from '../queries';
import { ReviewCard } from './ReviewCard';

/** The newest reviews of one agent, where the server does not list those of all. */
export function AgentReviews({ agent }: { agent: string | undefined }) {
  const agents = useQuery(ownAgentsQuery());
  const chosen = agents.data?.agents.find(({ id }) => id === agent) ?? agents.data?.agents[0];
  const reviews = useQuery({ ...reviewsQuery(chosen?.slug ?? '', { sort: 'newest', limit: 50 }), enabled: chosen !== undefined });
  const error = agents.error ?? reviews.error;
  if (error) return <ErrorState error={error} onRetry={() => void Promise.all([agents.refetch(), reviews.refetch()])} />;
  if (agents.data?.agents.length === 0) {
    return (
      <EmptyState icon={Star} title="No reviews yet">
        Users can review an agent once they have run it.
      </EmptyState>
    );
  }
  if (!reviews.data || !chosen) return <Skeleton h={130} radius="lg" aria-busy />;
  if (reviews.data.reviews.length === 0) {
    return (
      <EmptyState icon={Star} title={`No reviews of ${chosen.name} yet`}>
        Users can review an agent once they have run it.
      </EmptyState>
    );
  }
  return (
    <Stack gap="md">
      {reviews.data.reviews.map((review) => (
        <ReviewCard key={review.id} review={review} agent={chosen.slug} agentName={chosen.name} />
      ))}
    </Stack>
  );
}
