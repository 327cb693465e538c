import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import type { ReactNode } from 'react';

interface Question {
  title: string;
  /** What will happen, and whether it can be undone. */
  children: ReactNode;
  /** The verb of the act: "Delete the deployment". */
  confirm: string;
  danger?: boolean;
}

/** Asks before an act that cannot be taken back. Resolves to the answer. */
export function confirmAsk({ title, children, confirm, danger = false }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    modals.openConfirmModal({
      title,
      children: (
        <Text size="sm" component="div">
          {children}
        </Text>
      ),
      labels: { confirm, cancel: 'Cancel' },
      confirmProps: danger ? { color: 'red' } : {},
      groupProps: { justify: 'flex-end' },
      onConfirm: () => resolve(true),
      onCancel: () => resolve(false),
      onClose: () => resolve(false),
    });
  });
}
