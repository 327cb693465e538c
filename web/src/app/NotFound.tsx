import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';

import { EmptyState } from '@/shared/EmptyState';
import { Page } from '@/shared/Page';
import { usePageTitle } from '@/shared/usePageTitle';

/** Also for things that exist, but not for whoever asks: the server does not tell these apart. */
export function NotFound() {
  usePageTitle('Not found');
  return (
    <Page>
      <EmptyState
        order={1}
        icon={Compass}
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/explore">
            Explore agents
          </Button>
        }
      >
        The page may have moved, or it belongs to another account than the one you are signed in with.
      </EmptyState>
    </Page>
  );
}
