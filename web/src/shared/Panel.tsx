import { Box, Group, Paper, type PaperProps, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

interface Props extends Omit<PaperProps, 'children'> {
  title: string;
  order?: 2 | 3;
  /** What it is for, in a sentence. */
  description?: ReactNode;
  /** Beside the title. */
  aside?: ReactNode;
  children?: ReactNode;
}

/** A titled part of a page. */
export function Panel({ title, order = 2, description, aside, children, ...paper }: Props) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} p={{ base: 'md', sm: 'lg' }} {...paper}>
      <Group justify="space-between" align="flex-start" gap="sm" mb={children ? 'md' : 0} wrap="wrap">
        <Box style={{ flex: '1 1 200px' }}>
          <Title order={order} size="h3" id={id}>
            {title}
          </Title>
          {description && (
            <Text size="sm" c="dimmed" mt={2} component="div">
              {description}
            </Text>
          )}
        </Box>
        {aside}
      </Group>
      {children}
    </Paper>
  );
}
