import { ActionIcon, Blockquote, Button, Group, Menu, Paper, Rating, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { EllipsisVertical, Flag, MessageSquareReply, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { confirmAsk } from '@/shared/confirm';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { Time } from '@/shared/Time';

import type { UserReview } from '../types';
import { ReportDialog } from './ReportDialog';

interface Props {
  review: UserReview;
  agent: string;
  agentName: string;
}

/** One review with its answer. */
export function ReviewCard({ review, agent, agentName }: Props) {
  const queries = useQueryClient();
  const [isEditing, setEditing] = useState(false);
  const [isReporting, setReporting] = useState(false);
  const path = { agent, review: review.id };
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ['studio', 'reviews'] });
    await queries.invalidateQueries({ queryKey: ['agents', 'reviews'] });
  };
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/agents/{agent}/reviews/{review}/reply', { params: { path } })),
    onSuccess: async () => {
      await refresh();
      notifyDone('Your reply is removed.');
    },
    onError: (error) => notifyFailed(error),
  });
  const askRemove = async () => {
    const sure = await confirmAsk({ title: 'Remove your reply?', children: 'Nobody sees it any more.', confirm: 'Remove it', danger: true });
    if (sure) remove.mutate();
  };
  return (
    <Paper p="md" component="article" aria-label={`Review of ${agentName} by ${review.author.name}`}>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Group gap="xs">
            <Rating role="img" value={review.rating} readOnly size="sm" color="var(--app-star)" aria-label={`${review.rating} of 5 stars`} />
            <Text size="sm" fw={550}>
              {agentName}
            </Text>
            <Text size="sm" c="dimmed">
              {review.author.name}
              {review.version && `, who ran ${review.version}`} · <Time at={review.created_at} />
            </Text>
          </Group>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={`Actions for the review by ${review.author.name}`}>
                <EllipsisVertical size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              {review.reply && (
                <>
                  <Menu.Item leftSection={<Pencil size={15} aria-hidden />} onClick={() => setEditing(true)}>
                    Change your reply
                  </Menu.Item>
                  <Menu.Item leftSection={<Trash2 size={15} aria-hidden />} onClick={() => void askRemove()}>
                    Remove your reply
                  </Menu.Item>
                </>
              )}
              <Menu.Item leftSection={<Flag size={15} aria-hidden />} onClick={() => setReporting(true)}>
                Report the review…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
        {review.title && (
          <Title order={2} size="h4">
            {review.title}
          </Title>
        )}
        {review.text && (
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
            {review.text}
          </Text>
        )}
        {isEditing ? (
          <ReplyForm path={path} before={review.reply?.text ?? ''} onRefresh={refresh} onClose={() => setEditing(false)} />
        ) : review.reply ? (
          <Blockquote p="sm" mt={4} radius="md" color="brand">
            <Text size="xs" c="dimmed">
              Your reply, <Time at={review.reply.replied_at} />
            </Text>
            <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>
              {review.reply.text}
            </Text>
          </Blockquote>
        ) : (
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<MessageSquareReply size={14} aria-hidden />}
              onClick={() => setEditing(true)}
            >
              Reply
            </Button>
          </Group>
        )}
      </Stack>
      <ReportDialog path={path} isOpen={isReporting} onClose={() => setReporting(false)} />
    </Paper>
  );
}

interface ReplyProps {
  path: { agent: string; review: string };
  before: string;
  onRefresh: () => Promise<void>;
  onClose: () => void;
}

function ReplyForm({ path, before, onRefresh, onClose }: ReplyProps) {
  const [text, setText] = useState(before);
  const save = useMutation({
    mutationFn: () =>
      take(client.PUT('/agents/{agent}/reviews/{review}/reply', { params: { path }, body: { text: text.trim() } })),
    onSuccess: async () => {
      await onRefresh();
      notifyDone('Your reply is public now.');
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="xs">
        <Textarea
          label="Your reply"
          description={`Plain text; ${2000 - text.length} characters left`}
          value={text}
          maxLength={2000}
          autoFocus
          onChange={({ currentTarget: { value } }) => setText(value)}
        />
        {save.error && <ErrorState error={save.error} />}
        <Group gap="xs">
          <Button type="submit" size="xs" loading={save.isPending} disabled={text.trim() === '' || text === before}>
            {before ? 'Save' : 'Reply'}
          </Button>
          <Button size="xs" variant="subtle" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
