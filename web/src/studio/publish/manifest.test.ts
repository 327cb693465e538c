import { describe, expect, it } from 'vitest';

import { lineOf, manifestNew, manifestParse, manifestText, manifestWith } from './manifest';

describe('a manifest', () => {
  it('is changed by its fields, and nothing else of it is', () => {
    const manifest = manifestParse('{"name":"A","x":{"y":[1]}}') ?? {};
    expect(manifestWith(manifest, 'name', 'B')).toEqual({ name: 'B', x: { y: [1] } });
    expect(manifestWith(manifest, 'name', '')).toEqual({ x: { y: [1] } });
    expect(manifestParse('[1]')).toBeUndefined();
    expect(manifestParse('{')).toBeUndefined();
  });

  it('knows the line of what is wrong', () => {
    const text = manifestText({ name: 'A', inputs: [{ name: 'a, "b"', type: 'string' }, { name: 'c', type: 'strin' }], runtime: { language: 'x' } });
    const at = (path: string) => text.split('\n')[(lineOf(text, path) ?? 0) - 1]?.trim();
    expect(at('$.inputs[1].type')).toBe('"type": "strin"');
    expect(at('$.inputs[0].name')).toBe('"name": "a, \\"b\\"",');
    expect(at('$.runtime.language')).toBe('"language": "x"');
    expect(at('$.runtime.version')).toBe('"runtime": {');
    expect(lineOf(text, '$.slug')).toBeUndefined();
  });

  it('begins with what the files say', () => {
    expect(manifestParse(manifestNew(['index.js'], 'My Agent'))).toMatchObject({ slug: 'my-agent', runtime: { language: 'nodejs' } });
    expect(manifestParse(manifestNew(['main.py'], 'x.tar.gz'))).toMatchObject({ slug: 'x', runtime: { language: 'python' } });
  });
});
