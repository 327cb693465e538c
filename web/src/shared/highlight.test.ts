import { describe, expect, it } from 'vitest';

import { highlightLines, linesOf } from './highlight';

describe('highlighted code', () => {
  it('escapes what it is given', () => {
    expect(highlightLines('<script>alert(1)</script>', 'text').join('')).not.toContain('<script');
    expect(highlightLines('const a = "<img onerror=x>";', 'javascript').join('')).not.toContain('<img');
  });

  it('closes in each line what it opened there, also across lines', () => {
    expect(linesOf('<span class="c">a\nb</span> c')).toEqual(['<span class="c">a</span>', '<span class="c">b</span> c']);
    for (const line of highlightLines('/* one\ntwo\nthree */ let a = `x\n${b}`;', 'javascript')) {
      expect(line.match(/<span/g)?.length ?? 0).toBe(line.match(/<\/span>/g)?.length ?? 0);
    }
  });
});
