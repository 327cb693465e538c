/** What changed between two texts, as lines to show. The comparing itself is loaded when it is wanted. */

export interface DiffRow {
  kind: '+' | '-' | ' ' | '@';
  text: string;
  before?: number;
  after?: number;
}

const AROUND = 4;

export async function diffRows(before: string, after: string): Promise<DiffRow[]> {
  const { structuredPatch } = await import('diff');
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: AROUND });
  return hunks.flatMap((hunk) => {
    let [old, now] = [hunk.oldStart, hunk.newStart];
    const rows: DiffRow[] = [{ kind: '@', text: `Lines ${now} to ${now + Math.max(hunk.newLines - 1, 0)}` }];
    for (const line of hunk.lines) {
      const [kind, text] = [line[0], line.slice(1)];
      if (kind === '+') rows.push({ kind, text, after: now++ });
      else if (kind === '-') rows.push({ kind, text, before: old++ });
      else if (kind === ' ') rows.push({ kind, text, before: old++, after: now++ });
    }
    return rows;
  });
}
