/** Archives of plain files in the ustar format: written for what is published, read for the manifest of what was packed elsewhere. */

export interface TarFile {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const BLOCK = 512;
const text = new TextEncoder();
const read = new TextDecoder();

/** Files in the order of their paths, without times or owners: the same folder makes the same archive. */
export function tarWrite(files: TarFile[]): Uint8Array<ArrayBuffer> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const size = sorted.reduce((sum, file) => sum + BLOCK + padded(file.bytes.length), 2 * BLOCK);
  const archive = new Uint8Array(size);
  let at = 0;
  for (const { path, bytes } of sorted) {
    archive.set(header(path, bytes.length), at);
    archive.set(bytes, at + BLOCK);
    at += BLOCK + padded(bytes.length);
  }
  return archive;
}

const padded = (length: number): number => Math.ceil(length / BLOCK) * BLOCK;

function header(path: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (value: string, at: number) => block.set(text.encode(value), at);
  const { name, prefix } = nameSplit(path);
  block.set(name, 0);
  put('0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${size.toString(8).padStart(11, '0')}\0`, 124);
  put('00000000000\0', 136);
  put('        ', 148);
  put('0', 156);
  put('ustar\x0000', 257);
  block.set(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Up to 100 bytes of name, and 155 of the folders before it. */
function nameSplit(path: string): { name: Uint8Array; prefix: Uint8Array } {
  const whole = text.encode(path);
  if (whole.length <= 100) return { name: whole, prefix: new Uint8Array() };
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [text.encode(path.slice(0, slash)), text.encode(path.slice(slash + 1))];
    if (name.length <= 100 && prefix.length <= 155) return { name, prefix };
  }
  throw new TarError(`the path ${path} is too long for an archive`);
}

export class TarError extends Error {}

/** The plain files of an archive. What it cannot read ends the list: the server reads archives for good. */
export function tarRead(archive: Uint8Array<ArrayBuffer>): TarFile[] {
  const files: TarFile[] = [];
  let at = 0;
  let longName: string | undefined;
  while (at + BLOCK <= archive.length && archive[at] !== 0) {
    const block = archive.subarray(at, at + BLOCK);
    const size = Number.parseInt(string(block, 124, 12).trim(), 8);
    if (!Number.isFinite(size) || at + BLOCK + size > archive.length) throw new TarError('this is no archive that can be read');
    const bytes = archive.slice(at + BLOCK, at + BLOCK + size);
    const kind = String.fromCharCode(block[156] ?? 0);
    if (kind === 'L') longName = string(bytes, 0, size);
    else if (kind === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(read.decode(bytes))?.[1];
    else {
      const prefix = string(block, 345, 155);
      const name = longName ?? (prefix ? `${prefix}/` : '') + string(block, 0, 100);
      if (kind === '0' || kind === '\0') files.push({ path: name.replace(/^\.\//, ''), bytes });
      longName = undefined;
    }
    at += BLOCK + padded(size);
  }
  return files;
}

function string(block: Uint8Array, at: number, length: number): string {
  const part = block.subarray(at, at + length);
  const end = part.indexOf(0);
  return read.decode(end < 0 ? part : part.subarray(0, end));
}

/** `gzip` and back, by the browser. */
export const gzip = (bytes: Uint8Array<ArrayBuffer>) => piped(bytes, new CompressionStream('gzip'));
export const gunzip = (bytes: Uint8Array<ArrayBuffer>) => piped(bytes, new DecompressionStream('gzip'));

async function piped(bytes: Uint8Array<ArrayBuffer>, through: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(through);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Base64, in pieces that no call stack minds. */
export async function base64(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const pieces: string[] = [];
  const PIECE = 3 * 8192;
  for (let at = 0; at < bytes.length; at += PIECE) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE))));
  }
  return pieces.join('');
}
