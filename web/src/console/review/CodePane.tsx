import { Group, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { FileCode2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { CodeBlock, languageOf } from '@/shared/CodeBlock';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import type { Finding } from '@/studio/types';
import { ACTION } from '@/studio/scan/words';

import { fileQuery } from '../queries';
import { DiffView } from './DiffView';
import classes from './Workbench.module.css';

interface Props {
  version: string;
  /** The approved version before it, where there is one. */
  base: string | undefined;
  since: string | undefined;
  isChanged: boolean;
  path: string | undefined;
  /** Scrolled to. */
  line: number | undefined;
  findings: Finding[];
}

/** One file: what changed of it first, where it can be told; else all of it, with its findings marked. */
export function CodePane({ version, base, since, isChanged, path, line, findings }: Props) {
  const canCompare = isChanged && base !== undefined;
  const [view, setView] = useState<'diff' | 'file'>(canCompare && line === undefined ? 'diff' : 'file');
  // A finding that is chosen is in the file, wherever one looked before.
  const [shownLine, setShownLine] = useState(line);
  if (line !== shownLine) {
    setShownLine(line);
    if (line !== undefined) setView('file');
  }
  if (path === undefined) {
    return (
      <div className={classes.code}>
        <EmptyState icon={FileCode2} title="Choose a file" order={3} />
      </div>
    );
  }
  return (
    <section className={classes.code} aria-label={`Code of ${path}`}>
      <Group justify="space-between" mb="sm" gap="xs">
        <Text size="sm" ff="monospace" fw={550} style={{ overflowWrap: 'anywhere' }}>
          {path}
        </Text>
        {canCompare && (
          <SegmentedControl
            aria-label="What to show of the file"
            size="xs"
            value={view}
            onChange={(next) => setView(next as typeof view)}
            data={[
              { value: 'diff', label: `Since ${since}` },
              { value: 'file', label: 'Whole file' },
            ]}
          />
        )}
      </Group>
      {view === 'diff' && base ? (
        <DiffView base={base} version={version} path={path} />
      ) : (
        <WholeFile version={version} path={path} line={line} findings={findings} />
      )}
    </section>
  );
}

function WholeFile({ version, path, line, findings }: { version: string; path: string; line?: number; findings: Finding[] }) {
  const { data, error, refetch } = useQuery(fileQuery(version, path));
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = frame.current;
    if (!box || line === undefined || data === undefined) return;
    // Colours come a moment after the code and are drawn anew: the line is scrolled to again then.
    const show = () => {
      const code = box.querySelector('pre');
      const target = box.querySelector<HTMLElement>(`[data-line="${line}"]`);
      if (code && target) code.scrollTop = target.offsetTop - code.offsetTop - code.clientHeight / 3;
    };
    show();
    const observer = new MutationObserver(show);
    observer.observe(box, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [data, line, path]);
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton h={480} aria-busy />;
  const marks = new Map(findings.filter((each) => each.line > 0).map((each) => [each.line, ACTION[each.action].mark]));
  return (
    <div ref={frame}>
      <CodeBlock
        code={data}
        language={languageOf(path)}
        label={path}
        lineNumbers
        marks={marks}
        maxHeight="calc(100vh - 180px)"
      />
    </div>
  );
}
