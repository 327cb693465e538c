import { Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Bell, BellOff } from 'lucide-react';

import { type Notification, notificationHref, notificationsQuery, notificationsRead } from '@/app/notifications';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { notifyFailed } from '@/shared/notify';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';

/** What the account was told, the newest. Not in the navigation: the bell leads there, where the server has any. */
export function NotificationsPage() {
  const list = useQuery(notificationsQuery());
  const readAll = useMutation({ mutationFn: () => notificationsRead({ all: true }), onError: (error) => notifyFailed(error) });
  return (
    <Page size="md" ml={0}>
      <PageHeader
        title="Notifications"
        actions={
          list.data && list.data.unread > 0 ? (
            <Button variant="default" loading={readAll.isPending} onClick={() => readAll.mutate()}>
              Mark all as read
            </Button>
          ) : undefined
        }
      />
      {list.error && list.data === undefined ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <Stack aria-busy={list.data === undefined}>
          {list.data === undefined && [1, 2, 3].map((at) => <Skeleton key={at} h={84} radius="lg" />)}
          {list.data === null && (
            <EmptyState icon={BellOff} title="This server has no notifications" action={<ButtonLink to="/dashboard/webhooks">Set up a webhook</ButtonLink>}>
              A webhook tells a program of yours how runs ended.
            </EmptyState>
          )}
          {list.data?.notifications.length === 0 && (
            <EmptyState icon={Bell} title="Nothing to tell you">
              Withdrawn versions, unpaid subscriptions, refunds and the like will be here.
            </EmptyState>
          )}
          {list.data?.notifications.map((notification) => <Item key={notification.id} notification={notification} />)}
        </Stack>
      )}
    </Page>
  );
}

function Item({ notification }: { notification: Notification }) {
  const to = notificationHref(notification, 'user');
  return (
    <Paper component="article" p="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Title order={2} size="h4">
          {to ? <AnchorLink to={to} inherit c="inherit">{notification.title}</AnchorLink> : notification.title}
          {notification.read_at === null && <span className="visually-hidden"> (unread)</span>}
        </Title>
        <Text size="xs" c="dimmed">
          <Time at={notification.created_at} />
        </Text>
      </Group>
      <Text size="sm" c={notification.read_at === null ? undefined : 'dimmed'}>{notification.text}</Text>
    </Paper>
  );
}
