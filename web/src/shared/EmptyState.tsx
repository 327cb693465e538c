import { EmptyState as MantineEmptyState } from '@mantine/core';
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
    <MantineEmptyState variant="light" py={56} px="md" mx="auto" maw={520}>
      <MantineEmptyState.Indicator aria-hidden>
        <Icon size={24} strokeWidth={1.75} />
      </MantineEmptyState.Indicator>
      <MantineEmptyState.Title order={order}>{title}</MantineEmptyState.Title>
      {children && <MantineEmptyState.Description component="div">{children}</MantineEmptyState.Description>}
      {action && <MantineEmptyState.Actions>{action}</MantineEmptyState.Actions>}
    </MantineEmptyState>
  );
}
