import '@mantine/notifications/styles.layer.css';

import { Notifications } from '@mantine/notifications';

/** Where `shared/notify` puts its words. */
export default function NotificationCorner() {
  return <Notifications position="bottom-right" limit={4} containerWidth={400} />;
}
