import { Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { ErrorState } from '@/shared/ErrorState';

import { fileQuery } from '../queries';
import { type DiffRow, diffRows } from './diff';
import classes from './Workbench.module.css';

/** What a version changes of a file, with some lines around. */
export function DiffView({ base, version, path }: { base: string; version: string; path: string }) {
  const before = useQuery(fileQuery(base, path));
  const after = useQuery(fileQuery(version, path));
  const { data: rows, error } = useQuery({
    queryKey: ['console', 'diff', base, version, path],
    queryFn: () => diffRows(before.data ?? '', after.data ?? ''),
    enabled: before.data !== undefined && after.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const failed = before.error ?? after.error ?? error;
  if (failed) return <ErrorState error={failed} onRetry={() => void Promise.all([before.refetch(), after.refetch()])} />;
  if (!rows) return <Skeleton h={480} aria-busy />;
  if (rows.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Only what does not show differs.
      </Text>
    );
  }
  return (
    // Scrolls, so the keyboard must reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className={classes.diff} style={{ maxHeight: 'calc(100vh - 180px)' }} tabIndex={0} role="region" aria-label={`Changes of ${path}`}>
      {rows.map((row, index) => (
        <Row key={index} row={row} />
      ))}
    </pre>
  );
}

const SAID = { '+': 'Added: ', '-': 'Removed: ', ' ': '', '@': '' };

function Row({ row }: { row: DiffRow }) {
  return (
    <span className={classes.row} data-kind={row.kind}>
      <span className={classes.number} aria-hidden>
        {row.before ?? ''}
      </span>
      <span className={classes.number} aria-hidden>
        {row.after ?? ''}
      </span>
      <span aria-hidden>{row.kind === '@' ? '' : row.kind} </span>
      <span className="visually-hidden">{SAID[row.kind]}</span>
      {row.text}
      {'\n'}
    </span>
  );
}
