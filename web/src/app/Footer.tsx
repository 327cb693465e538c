import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';

import classes from './Footer.module.css';

export function Footer() {
  return (
    <footer className={classes.footer}>
      <div className={classes.inner}>
        <Text size="xs" c="dimmed">
          FrameOS runs agents in a sandbox and charges for runs that succeed.
        </Text>
        <nav aria-label="Footer" className={classes.links}>
          <Anchor component={Link} to="/explore" size="xs" c="dimmed">
            Agents
          </Anchor>
          <Anchor href="/.well-known/jwks.json" size="xs" c="dimmed">
            Receipt keys
          </Anchor>
        </nav>
      </div>
    </footer>
  );
}
