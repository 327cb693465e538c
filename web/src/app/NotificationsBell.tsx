import { ActionIcon, Button, Group, Indicator, Popover, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Bell } from 'lucide-react';

import type { Role } from '@/session/store';
import { ButtonLink } from '@/shared/links';
import { plural } from '@/shared/numbers';
import { Time } from '@/shared/Time';

import { sectionOf } from './nav';
import { type Notification, notificationHref, notificationsQuery, notificationsRead } from './notifications';
import classes from './NotificationsBell.module.css';

/** What happened while one was away. */
export function NotificationsBell({ role }: { role: Role }) {
  const { data } = useQuery(notificationsQuery());
  const [isOpen, popover] = useDisclosure(false);
  const readAll = useMutation({ mutationFn: () => notificationsRead({ all: true }) });
  if (!data) return null;
  const label = data.unread > 0 ? `Notifications, ${data.unread} unread` : 'Notifications';
  return (
    <Popover opened={isOpen} onChange={popover.toggle} position="bottom-end" width={360} shadow="md" trapFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={popover.toggle}>
          <Indicator disabled={data.unread === 0} size={8} offset={2} color="red">
            <Bell size={19} aria-hidden />
          </Indicator>
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="Notifications">
        <Group justify="space-between" px="md" py="xs" className={classes.head}>
          <Text fw={600} size="sm">
            {data.unread > 0 ? `${plural(data.unread, 'new notification')}` : 'Notifications'}
          </Text>
          {data.unread > 0 && (
            <Button size="compact-xs" variant="subtle" loading={readAll.isPending} onClick={() => readAll.mutate()}>
              Mark all as read
            </Button>
          )}
        </Group>
        {data.notifications.length === 0 ? (
          <Text size="sm" c="dimmed" p="md">
            {role === 'developer' ? 'Nothing yet. Decisions on your agents, reviews and payouts will be here.' : 'Nothing yet. Replies, payments and refunds will be here.'}
          </Text>
        ) : (
          <ScrollArea.Autosize mah={380}>
            <ul className={classes.list}>
              {data.notifications.map((notification) => (
                <Item key={notification.id} notification={notification} role={role} onLeave={popover.close} />
              ))}
            </ul>
          </ScrollArea.Autosize>
        )}
        <div className={classes.foot}>
          <ButtonLink to={`${sectionOf(role)}/notifications`} variant="subtle" size="xs" fullWidth onClick={popover.close}>
            All notifications
          </ButtonLink>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

interface ItemProps {
  notification: Notification;
  role: Role;
  onLeave: () => void;
}

function Item({ notification, role, onLeave }: ItemProps) {
  const router = useRouter();
  const href = notificationHref(notification, role);
  const follow = () => {
    if (notification.read_at === null) void notificationsRead({ ids: [notification.id] });
    onLeave();
    if (href) router.history.push(href);
  };
  return (
    <li>
      <button type="button" className={classes.item} data-unread={notification.read_at === null || undefined} onClick={follow}>
        <span className={classes.title}>
          {notification.read_at === null && <span className="visually-hidden">New: </span>}
          {notification.title}
        </span>
        <span className={classes.text}>{notification.text}</span>
        <span className={classes.when}>
          <Time at={notification.created_at} />
        </span>
      </button>
    </li>
  );
}
