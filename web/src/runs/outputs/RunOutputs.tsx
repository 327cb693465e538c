import { ActionIcon, Group, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { Download } from 'lucide-react';
import { useState } from 'react';

import { CodeBlock } from '@/shared/CodeBlock';
import { download } from '@/shared/download';
import { Panel } from '@/shared/Panel';

import { isOver, type RunStatus } from '../types';
import { ValueList } from './ValueList';

interface Props {
  run: { id: string; status: RunStatus; outputs?: unknown };
}

const PENDING = {
  queued: 'They appear here when the run has succeeded.',
  running: 'They appear here when the run has succeeded and is paid for.',
  settling: 'They are there, sealed until the payment is through.',
} as Record<RunStatus, string | undefined>;

/** What came out. Absent where a run ended without. */
export function RunOutputs({ run }: Props) {
  const [mode, setMode] = useState('read');
  const { outputs } = run;
  if (outputs === undefined || outputs === null) {
    const text = isOver(run.status) ? null : PENDING[run.status];
    if (!text) return null;
    return (
      <Panel title="Outputs">
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </Panel>
    );
  }
  const isRecord = typeof outputs === 'object' && !Array.isArray(outputs);
  const values = isRecord ? (outputs as Record<string, unknown>) : { result: outputs };
  const json = JSON.stringify(outputs, null, 2);
  return (
    <Panel
      title="Outputs"
      aside={
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            value={mode}
            onChange={setMode}
            aria-label="How outputs are shown"
            data={[{ value: 'read', label: 'Readable' }, { value: 'json', label: 'JSON' }]}
          />
          <Tooltip label="Download as JSON">
            <ActionIcon variant="default" aria-label="Download the outputs" onClick={() => download(`${run.id}.json`, `${json}\n`)}>
              <Download size={15} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      }
    >
      {mode === 'json' ? <CodeBlock code={json} language="json" label="the outputs" maxHeight={560} /> : <ValueList values={values} />}
    </Panel>
  );
}
