import { Code, Group } from '@mantine/core';

import { CopyButton } from './CopyButton';

/** An id, shortened to what tells it from others, and copied whole. */
export function IdText({ id, label }: { id: string; label: string }) {
  const short = id.length > 18 ? `${id.slice(0, 5)}…${id.slice(-8)}` : id;
  return (
    <Group gap={2} wrap="nowrap" component="span" display="inline-flex">
      <Code title={id} style={{ whiteSpace: 'nowrap' }}>{short}</Code>
      <CopyButton value={id} label={`Copy ${label}`} />
    </Group>
  );
}
