import { Button, Group, Pagination, Select, Skeleton, Stack, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { MessageSquareText, PenLine } from 'lucide-react';
import { useState } from 'react';

import { signInAsk } from '@/session/prompt';
import { useSession } from '@/session/store';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';

import { reviewsQuery } from '../queries';
import type { AgentPageData, ReviewQuery } from '../types';
import { ReviewForm } from './ReviewForm';
import { ReviewItem } from './ReviewItem';
import { ReviewSummary } from './ReviewSummary';

const LIMIT = 10;
const SORTS = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'highest', label: 'Best first' },
  { value: 'lowest', label: 'Worst first' },
];

interface Props {
  agent: AgentPageData;
  onTry: () => void;
}

/** What users say who have run it. */
export function ReviewsTab({ agent, onTry }: Props) {
  const session = useSession();
  const [sort, setSort] = useState<NonNullable<ReviewQuery['sort']>>('newest');
  const [page, setPage] = useState(1);
  const [isWriting, setWriting] = useState(false);
  const list = useQuery({
    ...reviewsQuery(agent.slug, { sort, page, limit: LIMIT }),
    placeholderData: keepPreviousData,
  });
  if (list.error && !list.data) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton h={260} radius="lg" />;
  const { reviews, total, own } = list.data;
  const mayWrite = !session || session.role === 'user';
  const write = async () => {
    if (session || (await signInAsk({ reason: `Sign in to review ${agent.name}.`, role: 'user' }))) setWriting(true);
  };
  const writeButton = mayWrite && !isWriting && (
    <Button variant="default" leftSection={<PenLine size={15} aria-hidden />} onClick={() => void write()}>
      {own ? 'Change your review' : 'Write a review'}
    </Button>
  );
  return (
    <Stack gap="lg">
      <Title order={2} className="visually-hidden">
        Reviews
      </Title>
      {isWriting && <ReviewForm agent={agent} own={own ?? undefined} onDone={() => setWriting(false)} onTry={onTry} />}
      {total === 0 ? (
        !isWriting && (
          <EmptyState icon={MessageSquareText} title="No reviews yet" action={writeButton || undefined}>
            Whoever has run the agent successfully can write one.
          </EmptyState>
        )
      ) : (
        <>
          <ReviewSummary list={list.data} />
          <Group justify="space-between">
            <Select aria-label="Order" w={170} data={SORTS} value={sort} onChange={(value) => setSort((value ?? 'newest') as typeof sort)} />
            {writeButton}
          </Group>
          <Stack gap="md" aria-busy={list.isPlaceholderData}>
            {reviews.map((review) => (
              <ReviewItem key={review.id} agent={agent} review={review} isOwn={review.id === own?.id} />
            ))}
          </Stack>
          {total > LIMIT && (
            <Pagination
              total={Math.ceil(total / LIMIT)}
              value={page}
              onChange={setPage}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
              getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
            />
          )}
        </>
      )}
    </Stack>
  );
}
