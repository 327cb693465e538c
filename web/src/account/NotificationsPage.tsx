import { Badge, Button, Group, Pagination, Paper, SegmentedControl, Skeleton, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Bell, CheckCheck } from 'lucide-react';

import { type Notification, notificationHref, notificationsPageQuery, notificationsRead } from '@/app/notifications';
import { useSession } from '@/session/store';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { notifyFailed } from '@/shared/notify';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';

const LIMIT = 20;

/** What the account was told, newest first. */
export function NotificationsPage() {
  const { page = 1, unread = false } = useSearch({ strict: false });
  const navigate = useNavigate();
  const list = useQuery({ ...notificationsPageQuery({ page, limit: LIMIT, unread }), placeholderData: keepPreviousData });
  const readAll = useMutation({ mutationFn: () => notificationsRead({ all: true }), onError: (error) => notifyFailed(error) });
  const go = (search: { page?: number; unread?: boolean }) => void navigate({ to: '.', search });
  const count = list.data?.unread ?? 0;
  return (
    <Page size="md" ml={0}>
      <PageHeader
        title="Notifications"
        actions={
          count > 0 && (
            <Button variant="default" leftSection={<CheckCheck size={16} aria-hidden />} loading={readAll.isPending} onClick={() => readAll.mutate()}>
              Mark all as read
            </Button>
          )
        }
      >
        What happened while you were away. Kept for 90 days.
      </PageHeader>
      <SegmentedControl
        mb="md"
        aria-label="Which notifications"
        data={[{ value: 'all', label: 'All' }, { value: 'unread', label: `Unread (${count})` }]}
        value={unread ? 'unread' : 'all'}
        onChange={(value) => go(value === 'unread' ? { unread: true } : {})}
      />
      {list.error && !list.data ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : (
        <Stack gap="sm" aria-busy={!list.data}>
          {!list.data && [1, 2, 3, 4].map((at) => <Skeleton key={at} h={78} radius="lg" />)}
          {list.data?.notifications.length === 0 && <Empty isFiltered={unread} />}
          {list.data?.notifications.map((notification) => <Item key={notification.id} notification={notification} />)}
          {list.data && list.data.total > LIMIT && (
            <Pagination
              mt="sm"
              size="sm"
              total={Math.ceil(list.data.total / LIMIT)}
              value={page}
              onChange={(to) => go({ ...(unread ? { unread } : {}), page: to })}
              getControlProps={(control) => ({ 'aria-label': `${control} page` })}
              getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
            />
          )}
        </Stack>
      )}
    </Page>
  );
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  const role = useSession()?.role;
  if (isFiltered) return <EmptyState icon={Bell} title="Nothing unread">You have read everything.</EmptyState>;
  return (
    <EmptyState icon={Bell} title="Nothing yet">
      {role === 'developer'
        ? 'Decisions on your agents, new reviews and payouts will be here.'
        : 'Withdrawn versions, replies to your reviews, unpaid subscriptions, top-ups and refunds will be here.'}
    </EmptyState>
  );
}

function Item({ notification }: { notification: Notification }) {
  const role = useSession()?.role ?? 'user';
  const to = notificationHref(notification, role);
  const isUnread = notification.read_at === null;
  const read = () => {
    if (isUnread) void notificationsRead({ ids: [notification.id] });
  };
  return (
    <Paper component="article" p="md">
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
        <Title order={2} size="h4">
          {to ? <AnchorLink to={to} inherit c="inherit" onClick={read}>{notification.title}</AnchorLink> : notification.title}
        </Title>
        <Group gap="xs" wrap="nowrap" style={{ flex: 'none' }}>
          {isUnread && <Badge size="sm">New</Badge>}
          <Text size="xs" c="dimmed">
            <Time at={notification.created_at} />
          </Text>
        </Group>
      </Group>
      <Text size="sm" c={isUnread ? undefined : 'dimmed'}>{notification.text}</Text>
      {isUnread && !to && (
        <Button variant="subtle" size="compact-xs" mt={6} onClick={read}>
          Mark as read
        </Button>
      )}
    </Paper>
  );
}
