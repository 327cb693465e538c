import { ActionIcon, Alert, Badge, Group, Paper, Rating, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Flag } from 'lucide-react';

import { signInAsk } from '@/session/prompt';
import { useSession } from '@/session/store';
import { Time } from '@/shared/Time';

import type { AgentPageData, UserReview } from '../types';
import { ReportDialog } from './ReportDialog';
import classes from './ReviewItem.module.css';

interface Props {
  agent: AgentPageData;
  review: UserReview;
  isOwn: boolean;
}

/** One review, and the developer's answer to it. */
export function ReviewItem({ agent, review, isOwn }: Props) {
  const session = useSession();
  const [isReporting, report] = useDisclosure(false);
  const begin = async () => {
    if (session || (await signInAsk({ reason: 'Sign in to report a review.' }))) report.open();
  };
  const isEdited = review.updated_at !== review.created_at;
  return (
    <Paper p="md" component="article" aria-label={`Review by ${review.author.name}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Group gap="sm">
            <Rating role="img" value={review.rating} readOnly size="sm" color="var(--app-star)" aria-label={`${review.rating} of 5 stars`} />
            {isOwn && <Badge>Yours</Badge>}
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            {review.author.name} · <Time at={review.updated_at} />
            {isEdited ? ', edited' : ''}
            {review.version ? ` · version ${review.version}` : ''}
          </Text>
        </div>
        {!isOwn && (
          <Tooltip label="Report this review">
            <ActionIcon variant="subtle" color="gray" aria-label={`Report the review by ${review.author.name}`} onClick={() => void begin()}>
              <Flag size={15} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {review.hidden_reason && (
        <Alert color="orange" mt="sm">
          Only you see this review: {review.hidden_reason}
        </Alert>
      )}
      {review.title && (
        <Text fw={600} mt="xs" className={classes.text}>
          {review.title}
        </Text>
      )}
      {review.text && (
        <Text size="sm" mt={4} className={classes.text}>
          {review.text}
        </Text>
      )}
      {review.reply && (
        <div className={classes.reply}>
          <Text size="sm" fw={600}>
            {agent.developer.name} replied{' '}
            <Text span size="sm" c="dimmed" fw={400}>
              <Time at={review.reply.replied_at} />
            </Text>
          </Text>
          <Text size="sm" className={classes.text}>
            {review.reply.text}
          </Text>
        </div>
      )}
      <ReportDialog agent={agent.slug} review={review.id} opened={isReporting} onClose={report.close} />
    </Paper>
  );
}
