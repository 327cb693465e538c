import { Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { Page } from '@/shared/Page';
import { usePageTitle } from '@/shared/usePageTitle';

interface Props {
  title: string;
  lead: string;
  children: ReactNode;
}

/** The frame of the pages that mails lead to. */
export function MailTokenCard({ title, lead, children }: Props) {
  usePageTitle(title);
  return (
    <Page size="xs" pt={{ base: 'xl', sm: 64 }}>
      <Paper p={{ base: 'lg', sm: 'xl' }} maw={440} mx="auto">
        <Stack>
          <div>
            <Title order={1} size="h2">
              {title}
            </Title>
            <Text c="dimmed" size="sm" mt={4}>
              {lead}
            </Text>
          </div>
          {children}
        </Stack>
      </Paper>
    </Page>
  );
}

/** The token behind `#` in the address: it reaches no server and no log. `#token=…` and `#…` both do. */
export function tokenFromFragment(): string {
  const fragment = window.location.hash.slice(1);
  return new URLSearchParams(fragment).get('token') ?? (fragment.includes('=') ? '' : fragment);
}
