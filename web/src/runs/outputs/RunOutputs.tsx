import { ActionIcon, Group, SegmentedControl, Skeleton, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';

import { agentQuery } from '@/market/queries';
import { CodeBlock } from '@/shared/CodeBlock';
import { download } from '@/shared/download';
import { Panel } from '@/shared/Panel';
import { fieldsOf } from '@/shared/schema';

import { isOver, type RunStatus } from '../types';
import { ValueList } from './ValueList';

interface Props {
  run: { id: string; status: RunStatus; outputs?: unknown; agent_slug?: string };
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
  const hasOutputs = outputs !== undefined && outputs !== null;
  // The manifest's order is how their developer wants them read.
  const agent = useQuery({ ...agentQuery(run.agent_slug ?? ''), enabled: hasOutputs && run.agent_slug !== undefined });
  if (!hasOutputs) {
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
  const order = fieldsOf(agent.data?.manifest, 'outputs').map((field) => field.name);
  const values = isRecord ? ordered(outputs as Record<string, unknown>, order) : { result: outputs };
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
      {mode === 'json' ? (
        <CodeBlock code={json} language="json" label="the outputs" maxHeight={560} />
      ) : (
        // Their order is not known yet, their size is: nothing below moves when it is.
        <Skeleton visible={agent.isLoading} aria-busy={agent.isLoading}>
          <ValueList values={values} />
        </Skeleton>
      )}
    </Panel>
  );
}

function ordered(values: Record<string, unknown>, order: string[]): Record<string, unknown> {
  const names = [...order.filter((name) => name in values), ...Object.keys(values).filter((name) => !order.includes(name))];
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}
