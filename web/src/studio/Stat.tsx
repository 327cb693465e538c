import { Paper, Skeleton, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import classes from './Stat.module.css';

interface Props {
  label: string;
  /** Undefined while it is on its way. */
  value: ReactNode | undefined;
  /** What it says of. */
  note?: ReactNode;
  /** Where more of it is. */
  to?: string;
  tone?: 'red' | 'orange' | 'green';
}

/** One figure, as large as it matters. */
export function Stat({ label, value, note, to, tone }: Props) {
  return (
    <Paper p="md" className={classes.stat}>
      <Text size="sm" c="dimmed">
        {to ? (
          <Link to={to} className={classes.link}>
            {label}
          </Link>
        ) : (
          label
        )}
      </Text>
      {value === undefined ? (
        <Skeleton h={28} w="60%" my={4} />
      ) : (
        <Text className={classes.value} c={tone} component="div">
          {value}
        </Text>
      )}
      {note !== undefined && (
        <Text size="xs" c="dimmed" component="div" mih={18}>
          {note}
        </Text>
      )}
    </Paper>
  );
}
