import { Box, Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import { usePageTitle } from './usePageTitle';

interface Props {
  title: string;
  /** The tab's title where it says more than the heading. */
  tabTitle?: string;
  children?: ReactNode;
  /** What one can do here, at most one of it filled. */
  actions?: ReactNode;
}

/** The one `h1` of a page, what the page is for, and what can be done on it. */
export function PageHeader({ title, tabTitle, children, actions }: Props) {
  usePageTitle(tabTitle ?? title);
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="lg" wrap="wrap">
      <Box maw={720} style={{ flex: '1 1 320px' }}>
        <Title order={1}>{title}</Title>
        {children && (
          <Text c="dimmed" mt={4}>
            {children}
          </Text>
        )}
      </Box>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
