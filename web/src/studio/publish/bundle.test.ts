import { describe, expect, it } from 'vitest';

import { bundlePack, bundleTake, bundleWith, rootOf } from './bundle';

const file = (path: string, content = 'x') => ({ path, file: new Blob([content]) });

describe('a bundle', () => {
  it('is a folder without its name, and without what is no agent’s', async () => {
    const bundle = await bundlePack([
      file('/words/manifest.json', '{"name":"W"}'),
      file('/words/main.py'),
      file('/words/__pycache__/main.pyc'),
      file('/words/.git/HEAD'),
      file('/words/.env', 'KEY=1'),
    ]);
    expect(bundle.name).toBe('words');
    expect(bundle.files.map(({ path }) => path)).toEqual(['main.py', 'manifest.json']);
    expect(bundle.left).toEqual(['__pycache__/main.pyc', '.git/HEAD', '.env']);
    expect(bundle.manifest).toBe('{"name":"W"}');
    expect((await bundleTake('w.tar.gz', new Blob([bundle.packed]))).files).toEqual(bundle.files);
  });

  it('takes the manifest as it was edited', async () => {
    const bundle = await bundlePack([file('a/main.py'), file('a/manifest.json', '{}')]);
    expect(await bundleWith(bundle, '{}')).toBe(bundle);
    const edited = await bundleWith(bundle, '{"name":"New"}');
    expect((await bundleTake('e.tar.gz', new Blob([edited.packed]))).manifest).toBe('{"name":"New"}');
  });

  it('says what is wrong with what was dropped', async () => {
    await expect(bundlePack([])).rejects.toThrow('no file');
    await expect(bundleTake('a.tar.gz', new Blob(['no']))).rejects.toThrow('a.tar.gz is no tar.gz');
  });

  it('finds its root', () => {
    expect(rootOf(['a/manifest.json', 'a/x/manifest.json', 'a/b'])).toBe('a/');
    expect(rootOf(['manifest.json', 'b/c'])).toBe('');
    expect(rootOf(['a/b', 'a/c'])).toBe('a/');
    expect(rootOf(['a', 'b'])).toBe('');
    expect(rootOf(['a/x', 'b'])).toBe('');
  });
});
