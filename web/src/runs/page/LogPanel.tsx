import { ActionIcon, Alert, Anchor, Group, Skeleton, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Download, Search } from 'lucide-react';
import { useMemo, useState } from 'react';

import { queryClient } from '@/api/query';
import { download } from '@/shared/download';
import { notifyFailed } from '@/shared/notify';
import { plural } from '@/shared/numbers';
import { Panel } from '@/shared/Panel';

import type { LogLine, RunLive } from '../follow/runLive';
import { useLive } from '../follow/useRunLive';
import { runLogsQuery } from '../queries';
import { type Execution, isOver } from '../types';
import { linesOf } from './linesOf';
import { LogLines } from './LogLines';

const NONE: readonly LogLine[] = [];
/** A few lines and the note below them. */
const LOADING_PX = 92;

interface Props {
  run: Execution;
  live: RunLive;
}

/** What the agent printed and logged, as it comes. */
export function LogPanel({ run, live }: Props) {
  const connection = useLive(live, 'connection');
  const told = useLive(live, 'lines');
  const isTruncated = useLive(live, 'isTruncated');
  const [needle, setNeedle] = useState('');
  const [hasTimes, setTimes] = useState(false);
  const over = isOver(run.status);
  // Events are kept for a day; what was printed stays.
  const isTold = connection === 'over' || connection === 'refused';
  const isGone = over && isTold && told === 0;
  const kept = useKept(run.id, isGone);
  const lines = isGone ? (kept ?? NONE) : live.lines;
  const count = isGone ? (kept?.length ?? 0) : told;
  // Whether it printed anything is known once all of it was told.
  const isLoading = over && count === 0 && (!isTold || kept === undefined);
  const found = useMemo(() => filter(lines, count, needle), [lines, count, needle]);
  const save = () => saveAll(run.id).catch((error: unknown) => notifyFailed(error, 'The log was not loaded'));
  return (
    <Panel
      title="Log"
      aside={
        count > 0 && (
          <Group gap="sm">
            <Switch label="Times" size="xs" checked={hasTimes} onChange={(event) => setTimes(event.currentTarget.checked)} disabled={isGone} />
            <TextInput
              size="xs"
              w={170}
              placeholder="Find in the log"
              aria-label="Find in the log"
              value={needle}
              onChange={(event) => setNeedle(event.currentTarget.value)}
              leftSection={<Search size={13} aria-hidden />}
            />
            {over && (
              <Tooltip label="Download all that was kept">
                <ActionIcon variant="default" aria-label="Download the log" onClick={() => void save()}>
                  <Download size={15} aria-hidden />
                </ActionIcon>
              </Tooltip>
            )}
          </Group>
        )
      }
    >
      {isLoading ? (
        <Skeleton h={LOADING_PX} aria-busy />
      ) : count === 0 ? (
        <Text size="sm" c="dimmed">
          {over ? 'The agent printed nothing.' : 'Nothing so far. What the agent prints to its standard output is shown at the end.'}
        </Text>
      ) : (
        <>
          <LogLines lines={found} count={needle === '' ? count : found.length} hasTimes={hasTimes && !isGone} isLive={!over} />
          <Group justify="space-between" mt={8} gap="xs">
            <Text size="xs" c="dimmed" className="tabular" role="status">
              {needle === '' ? plural(count, 'line') : `${plural(found.length, 'line')} of ${count}`}
            </Text>
          </Group>
          {isTruncated && (
            <Alert color="yellow" mt="xs" p="xs">
              <Text size="xs">
                More was printed than is shown here.{' '}
                {over && (
                  <Anchor component="button" type="button" size="xs" onClick={() => void save()}>
                    Download all that was kept
                  </Anchor>
                )}
              </Text>
            </Alert>
          )}
        </>
      )}
    </Panel>
  );
}

function filter(lines: readonly LogLine[], count: number, needle: string): readonly LogLine[] {
  if (needle === '') return lines;
  const wanted = needle.toLowerCase();
  return lines.slice(0, count).filter((line) => line.message.toLowerCase().includes(wanted));
}

/** Undefined while it is on its way. One that cannot be had is as none: the download says why. */
function useKept(execution: string, isWanted: boolean): readonly LogLine[] | undefined {
  const { data, isError } = useQuery({ ...runLogsQuery(execution), enabled: isWanted });
  return useMemo(() => (data ? linesOf(data.stdout, data.stderr) : isError ? [] : undefined), [data, isError]);
}

async function saveAll(execution: string): Promise<void> {
  const logs = await queryClient.fetchQuery(runLogsQuery(execution));
  const part = (name: string, text: string, bytes: number) =>
    text === '' ? '' : `== ${name}, ${bytes} bytes\n${text}${text.endsWith('\n') ? '' : '\n'}`;
  const text = part('stdout', logs.stdout, logs.stdout_bytes) + part('stderr', logs.stderr, logs.stderr_bytes);
  download(`${execution}.log`, logs.truncated ? `${text}== cut off here\n` : text, 'text/plain');
}
