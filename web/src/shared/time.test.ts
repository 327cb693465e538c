import { expect, it } from 'vitest';

import { formatRelative } from './time';
import { formatBytes, formatDuration } from './numbers';

const NOW = Date.UTC(2026, 0, 15, 12);
const ago = (seconds: number) => formatRelative(NOW - seconds * 1000, NOW);

it('says how long ago', () => {
  expect([ago(1), ago(30), ago(60), ago(3_599), ago(7_200), ago(86_400), ago(86_400 * 40)]).toEqual([
    'just now', '30 seconds ago', '1 minute ago', '1 hour ago', '2 hours ago', 'yesterday', 'last month',
  ]);
  expect(formatRelative(NOW + 3_600_000, NOW)).toBe('in 1 hour');
});

it('durations and sizes', () => {
  expect([850, 2_449, 59_600, 65_000, 60_000, 3_600_000, 200_000_000].map(formatDuration)).toEqual([
    '850 ms', '2.4 s', '60 s', '1 min 5 s', '1 min', '1 h', '2 d 7 h',
  ]);
  expect([0, 999, 1_000, 1_500_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 KB', '1.5 MB']);
});
