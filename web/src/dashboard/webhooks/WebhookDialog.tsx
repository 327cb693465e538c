import { Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError, messageOf, sentence } from '@/api/errors';
import { queryClient } from '@/api/query';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

import { webhooksQuery } from '../queries';
import type { Webhook, WebhookChoice } from '../types';
import { EVENTS } from './events';

interface Props {
  /** The one to change; a new one when left out. */
  webhook?: Webhook;
  onClose: () => void;
  onMade?: (secret: string) => void;
}

export function WebhookDialog({ webhook, onClose, onMade }: Props) {
  const form = useForm({
    initialValues: {
      url: webhook?.url ?? '',
      description: webhook?.description ?? '',
      events: (webhook?.events ?? EVENTS.map(({ value }) => value)) as string[],
    },
    validate: {
      url: (url) => (/^https?:\/\/\S+$/.test(url.trim()) ? null : 'Enter an address that begins with https://.'),
      events: (events) => (events.length === 0 ? 'Choose at least one.' : null),
    },
  });
  const save = useMutation({
    mutationFn: async ({ url, description, events }: typeof form.values) => {
      const body = { url: url.trim(), description, events: events as WebhookChoice[] };
      if (!webhook) return (await take(client.POST('/webhooks', { body }))).secret;
      await take(client.PATCH('/webhooks/{webhook}', { params: { path: { webhook: webhook.id } }, body }));
      return null;
    },
    onSuccess: (secret) => {
      void queryClient.invalidateQueries({ queryKey: webhooksQuery().queryKey });
      if (secret !== null) return onMade?.(secret);
      notifyDone('The webhook is saved.');
      onClose();
    },
    onError: (error) => {
      if (isApiError(error, 'WEBHOOK_URL_REFUSED')) form.setFieldError('url', messageOf(error));
      else if (isApiError(error)) form.setErrors(Object.fromEntries(error.fields.map(({ field, message }) => [field, sentence(message)])));
    },
  });
  return (
    <Modal opened onClose={onClose} title={webhook ? 'Change the webhook' : 'New webhook'}>
      <form noValidate onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <TextInput label="Address" type="url" placeholder="https://example.com/frameos" data-autofocus {...form.getInputProps('url')} />
          <TextInput label="Description" description="For yourself." {...form.getInputProps('description')} />
          <Checkbox.Group label="It is told when" {...form.getInputProps('events')}>
            <Stack gap="xs" mt={6}>
              {EVENTS.map(({ value, label }) => (
                <Checkbox key={value} value={value} label={label} />
              ))}
            </Stack>
          </Checkbox.Group>
          {save.error && Object.keys(form.errors).length === 0 && <ErrorState error={save.error} title="The webhook was not saved" />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              {webhook ? 'Save' : 'Make the webhook'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
