import { Paper, Skeleton, Text } from '@mantine/core';

import { AnchorLink } from '@/shared/links';

interface Props {
  label: string;
  value: string | undefined;
  error: unknown;
  to: string;
}

/** One number that matters, and where it comes from. */
export function Figure({ label, value, error, to }: Props) {
  return (
    <Paper p="md">
      <AnchorLink to={to} size="sm" c="dimmed">
        {label}
      </AnchorLink>
      <Text fz={24} fw={620} lh={1.35} className="tabular" component="div" aria-busy={value === undefined && !error}>
        {value ?? (error ? '–' : <Skeleton h={26} my={3} w={90} />)}
      </Text>
      {Boolean(error) && value === undefined && (
        <Text size="xs" c="dimmed">
          Not known now
        </Text>
      )}
    </Paper>
  );
}
