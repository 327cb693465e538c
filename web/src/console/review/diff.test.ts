import { expect, it } from 'vitest';

import { diffRows } from './diff';

it('tells what changed, with the numbers of the lines', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
  const changed = lines.with(9, 'new ten');
  const rows = await diffRows(lines.join('\n'), changed.join('\n'));
  expect(rows).toContainEqual({ kind: '-', text: 'line 10', before: 10 });
  expect(rows).toContainEqual({ kind: '+', text: 'new ten', after: 10 });
  expect(rows).toHaveLength(1 + 4 + 2 + 4);
  expect(await diffRows('a', 'a')).toEqual([]);
});
