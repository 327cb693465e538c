/** Figures over several days or agents, from those of each. */
import type { Analytics } from '../types';

type Day = Analytics['days'][number];
export type VersionRow = Analytics['versions'][number] & { p50_duration_ms?: number | null };
export type DayRow = Day & { p50_duration_ms?: number | null };

export interface Totals {
  executions: number;
  revenue: number;
  /** Null without a run that ended. */
  successRate: number | null;
  /** The mean; null without runs. */
  avgDuration: number | null;
}

interface Row {
  executions: number;
  revenue: number;
  success_rate: number | null;
  avg_duration_ms: number | null;
}

export function totalsOf(rows: Row[]): Totals {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const rated = rows.filter((row) => row.success_rate !== null);
  const timed = rows.filter((row) => row.avg_duration_ms !== null);
  const [ratedRuns, timedRuns] = [rated, timed].map((some) => some.reduce((total, row) => total + row.executions, 0));
  return {
    executions: sum((row) => row.executions),
    revenue: sum((row) => row.revenue),
    successRate: ratedRuns ? rated.reduce((total, row) => total + (row.success_rate ?? 0) * row.executions, 0) / ratedRuns : null,
    avgDuration: timedRuns ? timed.reduce((total, row) => total + (row.avg_duration_ms ?? 0) * row.executions, 0) / timedRuns : null,
  };
}

/** A table for spreadsheets: texts that one would take for a formula begin with an apostrophe. */
export function csvOf(head: string[], rows: (string | number | null)[][]): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** `2026-11-22` in the reader's words. Days of figures are days of UTC. */
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
export const dayWords = (day: string): string => dayFormat.format(new Date(`${day}T00:00:00Z`));
