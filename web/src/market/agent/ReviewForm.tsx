import { Alert, Anchor, Button, Group, Input, Paper, Rating, Stack, Textarea, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError, messageOf, sentence } from '@/api/errors';
import { queryClient } from '@/api/query';
import { confirmAsk } from '@/shared/confirm';
import { notifyDone } from '@/shared/notify';

import type { AgentPageData, UserReview } from '../types';

interface Props {
  agent: AgentPageData;
  own: UserReview | undefined;
  onDone: () => void;
  onTry: () => void;
}

/** Writing, changing and taking back one's own review. */
export function ReviewForm({ agent, own, onDone, onTry }: Props) {
  const form = useForm({
    initialValues: { rating: own?.rating ?? 0, title: own?.title ?? '', text: own?.text ?? '' },
    validate: {
      rating: (value) => (value < 1 ? 'Give one to five stars' : null),
      title: (value) => (value.length > 120 ? 'At most 120 characters' : null),
      text: (value) => (value.length > 4_000 ? 'At most 4,000 characters' : null),
    },
  });
  const path = { agent: agent.slug };
  const settled = () => queryClient.invalidateQueries({ queryKey: ['agents'] });
  const save = useMutation({
    mutationFn: ({ rating, title, text }: typeof form.values) =>
      take(
        client.PUT('/agents/{agent}/reviews', {
          params: { path },
          body: { rating, ...(title.trim() ? { title: title.trim() } : {}), ...(text.trim() ? { text: text.trim() } : {}) },
        }),
      ),
    onSuccess: () => {
      void settled();
      notifyDone(own ? 'Your review is changed.' : 'Thank you for your review.');
      onDone();
    },
    onError: (error) => {
      if (isApiError(error)) for (const { field, message } of error.fields) form.setFieldError(field, sentence(message));
    },
  });
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/agents/{agent}/reviews', { params: { path } })),
    onSuccess: () => {
      void settled();
      notifyDone('Your review is removed.');
      onDone();
    },
  });
  const error = save.error ?? remove.error;
  const askRemove = async () => {
    const agreed = await confirmAsk({
      title: 'Remove your review',
      children: 'Your stars and words are deleted, with the developer’s reply.',
      confirm: 'Remove it',
      danger: true,
    });
    if (agreed) remove.mutate();
  };
  return (
    <Paper p={{ base: 'md', sm: 'lg' }} component="section" aria-labelledby="review-title">
      <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
        <Stack>
          <Title order={3} id="review-title">
            {own ? 'Your review' : `Review ${agent.name}`}
          </Title>
          {isApiError(error, 'REVIEW_NEEDS_RUN') ? (
            <Alert color="blue" role="alert" title="Run it first">
              Reviews are by users who have run the agent successfully.{' '}
              <Anchor component="button" type="button" inherit onClick={onTry}>
                Try it now
              </Anchor>
              , and come back.
            </Alert>
          ) : (
            error && (
              <Alert color="red" role="alert">
                {messageOf(error)}
              </Alert>
            )
          )}
          <Input.Wrapper label="Stars" error={form.errors.rating} labelElement="div">
            <Rating role="radiogroup" size="lg" mt={4} color="var(--app-star)" aria-label="Stars" {...form.getInputProps('rating')} />
          </Input.Wrapper>
          <TextInput label="Title" {...form.getInputProps('title')} />
          <Textarea
            label="Review"
            description="Plain text. What did you use it for, and how did it go?"
            {...form.getInputProps('text')}
          />
          <Group justify="space-between">
            {own ? (
              <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => void askRemove()}>
                Remove
              </Button>
            ) : (
              <span />
            )}
            <Group>
              <Button variant="default" onClick={onDone}>
                Cancel
              </Button>
              <Button type="submit" loading={save.isPending}>
                {own ? 'Save' : 'Publish'}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
