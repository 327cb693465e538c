import { Center, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

interface Props {
  icon: LucideIcon;
  title: string;
  /** Why there is nothing, and what would change that. */
  children?: ReactNode;
  /** The next step. */
  action?: ReactNode;
  /** 1 where it is all there is on the page. */
  order?: 1 | 2 | 3;
}

export function EmptyState({ icon: Icon, title, children, action, order = 2 }: Props) {
  return (
    <Center py={56} px="md">
      <Stack align="center" gap="sm" maw={440}>
        <ThemeIcon variant="light" size={48} radius="xl" aria-hidden>
          <Icon size={24} strokeWidth={1.75} />
        </ThemeIcon>
        <Title order={order} ta="center" size="h3">
          {title}
        </Title>
        {children && (
          <Text c="dimmed" size="sm" ta="center" component="div">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}
