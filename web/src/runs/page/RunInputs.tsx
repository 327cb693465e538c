import { Text } from '@mantine/core';

import { Panel } from '@/shared/Panel';

import { ValueList } from '../outputs/ValueList';
import type { Execution } from '../types';

/** What the agent was given: deployment's configuration, inputs and defaults together. */
export function RunInputs({ run }: { run: Execution }) {
  const isEmpty = Object.keys(run.inputs).length === 0;
  return (
    <Panel title="Inputs" description="With the deployment's configuration and the defaults. Secrets are never shown.">
      {isEmpty ? (
        <Text size="sm" c="dimmed">
          None that can be shown.
        </Text>
      ) : (
        <ValueList values={run.inputs} isPlain />
      )}
    </Panel>
  );
}
