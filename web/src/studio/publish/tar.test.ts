import { describe, expect, it } from 'vitest';

import { base64, gunzip, gzip, tarRead, tarWrite } from './tar';

const bytes = (value: string) => new TextEncoder().encode(value);

describe('tar', () => {
  it('gives back what was put in, in the order of the paths', async () => {
    const long = `${'folder/'.repeat(20)}file.txt`;
    const files = [
      { path: 'main.py', bytes: bytes('print("hä")\n') },
      { path: 'a/empty', bytes: bytes('') },
      { path: long, bytes: bytes('x'.repeat(1000)) },
    ];
    const back = tarRead(await gunzip(await gzip(tarWrite(files))));
    expect(back.map((file) => file.path)).toEqual(['a/empty', long, 'main.py']);
    expect(back.map((file) => new TextDecoder().decode(file.bytes))).toEqual(['', 'x'.repeat(1000), 'print("hä")\n']);
  });

  it('makes the same archive of the same files', () => {
    const [a, b] = [{ path: 'a', bytes: bytes('1') }, { path: 'b', bytes: bytes('2') }];
    expect(tarWrite([a, b])).toEqual(tarWrite([b, a]));
  });

  it('has the check sum that readers look at', () => {
    const block = tarWrite([{ path: 'a', bytes: bytes('1') }]).slice(0, 512);
    const stated = Number.parseInt(new TextDecoder().decode(block.slice(148, 154)), 8);
    expect(stated).toBe(block.fill(32, 148, 156).reduce((sum, byte) => sum + byte, 0));
  });

  it('refuses what is no archive', () => {
    expect(() => tarRead(bytes('n'.repeat(600)))).toThrow();
    expect(() => tarWrite([{ path: 'x'.repeat(300), bytes: bytes('') }])).toThrow(/too long/);
  });

  it('writes base64 of any length', async () => {
    const value = 'é'.repeat(40_000);
    const back = Uint8Array.from(atob(await base64(bytes(value))), (letter) => letter.charCodeAt(0));
    expect(new TextDecoder().decode(back)).toBe(value);
  });
});
