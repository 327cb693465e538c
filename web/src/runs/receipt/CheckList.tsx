import { List, Text } from '@mantine/core';
import { Check as CheckIcon, CircleHelp, X } from 'lucide-react';

import type { Check, Outcome } from './verify';

const LOOKS: Record<Outcome, { icon: typeof X; word: string }> = {
  holds: { icon: CheckIcon, word: 'holds' },
  broken: { icon: X, word: 'does not hold' },
  untold: { icon: CircleHelp, word: 'not checked' },
};

/** What was checked, one by one. */
export function CheckList({ checks }: { checks: Check[] }) {
  return (
    <List spacing={6} listStyleType="none" size="sm" withPadding={false}>
      {checks.map(({ name, outcome, said }) => {
        const { icon: Icon, word } = LOOKS[outcome];
        return (
          <List.Item key={name} icon={<Icon size={15} aria-label={word} role="img" />} data-check={name} data-outcome={outcome}>
            <Text size="sm" fw={600} span>
              {name}
            </Text>
            <Text size="xs">{said}</Text>
          </List.Item>
        );
      })}
    </List>
  );
}
