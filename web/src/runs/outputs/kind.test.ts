import { describe, expect, it } from 'vitest';

import { csvOf } from '@/shared/download';

import { dataUrlRead, kindOf } from './kind';

describe('kindOf', () => {
  it('tells values apart', () => {
    const cases: [string, unknown, string][] = [
      ['rows', 3, 'line'],
      ['ok', false, 'line'],
      ['text', 'short', 'line'],
      ['text', 'a\nb', 'text'],
      ['text', '# Title\n\nBody', 'markdown'],
      ['report', 'just words', 'markdown'],
      ['text', '- one\n- two\n- three', 'markdown'],
      ['text', 'a - b\nc', 'text'],
      ['chart', 'data:image/png;base64,iVBORw0KGgo=', 'image'],
      ['chart', 'data:image/png;base64,"><script>', 'file'],
      ['page', 'data:text/html;base64,PGI+', 'file'],
      ['none', null, 'nothing'],
      ['none', [], 'nothing'],
      ['list', [1, 'a'], 'list'],
      ['rows', [{ a: 1 }, { b: { c: 2 } }], 'table'],
      ['rows', [{ a: 1 }, 2], 'tree'],
      ['rows', [{}, {}], 'tree'],
      ['sum', { rows: 1, note: null }, 'record'],
      ['sum', { rows: [1] }, 'tree'],
    ];
    for (const [name, value, kind] of cases) expect(kindOf(name, value), JSON.stringify(value)).toBe(kind);
  });
});

describe('dataUrlRead', () => {
  it('reads bytes and refuses what is none', async () => {
    const blob = dataUrlRead('data:text/plain;base64,aMOp');
    expect(blob?.type).toBe('text/plain');
    expect(await blob?.text()).toBe('hé');
    expect(dataUrlRead('data:text/plain;base64,???')).toBeNull();
  });
});

describe('csvOf', () => {
  it('quotes what needs it and keeps formulas from running', () => {
    expect(csvOf(['a', 'b,c'], [{ a: '=1+1', 'b,c': 'x"y' }, { a: -2, 'b,c': { d: 1 } }])).toBe(
      'a,"b,c"\r\n\'=1+1,"x""y"\r\n-2,"{""d"":1}"\r\n',
    );
  });
});
