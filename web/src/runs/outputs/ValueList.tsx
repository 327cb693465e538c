import { Stack, Text } from '@mantine/core';

import { words } from '@/shared/words';

import { Value } from './Value';
import classes from './outputs.module.css';

interface Props {
  values: Record<string, unknown>;
  /** Inputs are shown as they were typed, not as Markdown or pictures. */
  isPlain?: boolean;
}

/** Named values, each as its kind is best read. */
export function ValueList({ values, isPlain = false }: Props) {
  return (
    <Stack gap="lg">
      {Object.entries(values).map(([name, value]) => (
        <div key={name} className={classes.value}>
          <Text size="sm" fw={600} mb={4} title={name}>
            {words(name)}
          </Text>
          <Value name={name} value={value} isPlain={isPlain} />
        </div>
      ))}
    </Stack>
  );
}
