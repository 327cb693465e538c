import { Box, Button, Text } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { RotateCw, Send } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { formatDuration, plural } from '@/shared/numbers';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';
import { words } from '@/shared/words';

import { deliveriesQuery } from '../queries';
import type { Webhook, WebhookDelivery } from '../types';
import { eventWords } from './events';

const LIMIT = 10;
const PENDING_MS = 3_000;

/** What was sent, and what the server made of it. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const [page, setPage] = useState(1);
  const list = useQuery({
    ...deliveriesQuery(webhook.id, { page, limit: LIMIT }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.deliveries.some(({ status }) => status === 'pending') ? PENDING_MS : false),
  });
  const replay = useMutation({
    mutationFn: (delivery: string) =>
      take(client.POST('/webhooks/{webhook}/deliveries/{delivery}/replay', { params: { path: { webhook: webhook.id, delivery } } })),
    onSuccess: () => notifyDone('It is sent again.'),
    onError: (error) => notifyFailed(error),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['webhooks', 'deliveries', webhook.id] }),
  });
  return (
    <Box mt="md">
      <DataTable
        label="Deliveries"
        columns={columns((id) => replay.mutate(id), webhook.enabled)}
        rows={list.data?.deliveries}
        rowKey={(delivery) => delivery.id}
        error={list.error}
        onRetry={() => void list.refetch()}
        isStale={list.isPlaceholderData}
        page={page}
        limit={LIMIT}
        total={list.data?.total}
        onPage={setPage}
        skeletonRows={3}
        minWidth={560}
        empty={
          <EmptyState order={3} icon={Send} title="Nothing was sent yet">
            Send a test, or run an agent.
          </EmptyState>
        }
      />
    </Box>
  );
}

function columns(onReplay: (id: string) => void, isEnabled: boolean): Column<WebhookDelivery>[] {
  return [
    { key: 'at', header: 'When', render: (delivery) => <Time at={delivery.created_at} /> },
    {
      key: 'what',
      header: 'What',
      render: (delivery) => (
        <>
          <Text size="sm">{words(eventWords(delivery.type))}</Text>
          {delivery.execution_id && (
            <AnchorLink to="/runs/$id" params={{ id: delivery.execution_id }} size="xs">
              …{delivery.execution_id.slice(-8)}
            </AnchorLink>
          )}
        </>
      ),
    },
    { key: 'status', header: 'Status', render: (delivery) => <StatusBadge status={delivery.status} /> },
    { key: 'answer', header: 'Answer', render: (delivery) => <Answer delivery={delivery} /> },
    {
      key: 'replay',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (delivery) =>
        isEnabled && delivery.status !== 'pending' ? (
          <Button variant="subtle" size="compact-xs" leftSection={<RotateCw size={12} aria-hidden />} onClick={() => onReplay(delivery.id)}>
            Send again
          </Button>
        ) : null,
    },
  ];
}

/** Why there was no answer. */
const ERRORS: Record<string, string> = {
  timeout: 'No answer in time',
  connection: 'No connection',
  tls: 'TLS failed',
  dns: 'Host name not found',
  address_refused: 'Address not allowed',
  webhook_disabled: 'Not sent: the webhook is off',
};

function Answer({ delivery }: { delivery: WebhookDelivery }) {
  const last = delivery.attempts.at(-1);
  if (!last) return <Text size="sm" c="dimmed">Not sent yet</Text>;
  const said = last.http_status === null ? (ERRORS[last.error ?? ''] ?? words(last.error ?? 'no answer')) : `HTTP ${last.http_status}`;
  return (
    <>
      <Text size="sm">
        {said}, after {formatDuration(last.duration_ms)}
      </Text>
      <Text size="xs" c="dimmed">
        {plural(delivery.attempts.length, 'try', 'tries')}
        {delivery.next_attempt_at && <>, next <Time at={delivery.next_attempt_at} /></>}
      </Text>
    </>
  );
}
