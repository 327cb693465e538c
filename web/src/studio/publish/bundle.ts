/** What is to be published: made of a folder's files, or taken as it was packed. */
import { formatBytes } from '@/shared/numbers';

import { gunzip, gzip, type TarFile, tarRead, tarWrite } from './tar';

/** As the server has them (docs/publishing.md). */
const MOST_PACKED = 10_000_000;
const MOST_UNPACKED = 50_000_000;
const MOST_FILES = 2_000;

export interface Bundle {
  name: string;
  /** As it is sent. */
  packed: Uint8Array<ArrayBuffer>;
  files: { path: string; bytes: number }[];
  /** What stayed behind, with why. */
  left: string[];
  /** The text of its manifest.json; none when it has none. */
  manifest: string | undefined;
  contents: TarFile[];
}

export interface PickedFile {
  path: string;
  file: Blob;
}

export class BundleError extends Error {}

/** Not an agent's: histories, caches, what systems leave. */
const LEFT_OUT = /(^|\/)(\.git|\.hg|\.svn|__pycache__|\.venv|\.pytest_cache|\.mypy_cache|\.idea|\.vscode)\/|(^|\/)(\.DS_Store|Thumbs\.db|\.env)$|\.pyc$/;

/** Packs a folder. Its own name is not part of the paths. */
export async function bundlePack(picked: PickedFile[]): Promise<Bundle> {
  const plain = picked.map(({ path, file }) => ({ path: path.replace(/^\.?\//, '').normalize('NFC'), file }));
  const root = rootOf(plain.map(({ path }) => path));
  const inside = plain.map(({ path, file }) => ({ path: path.slice(root.length), file }));
  const kept = inside.filter(({ path }) => !LEFT_OUT.test(path));
  const left = inside.filter(({ path }) => LEFT_OUT.test(path)).map(({ path }) => path);
  if (kept.length === 0) throw new BundleError('There is no file in it.');
  if (kept.length > MOST_FILES) throw new BundleError(`It has ${kept.length} files; up to ${MOST_FILES} are taken.`);
  const total = kept.reduce((sum, { file }) => sum + file.size, 0);
  if (total > MOST_UNPACKED) {
    throw new BundleError(`It has ${formatBytes(total)}; up to ${formatBytes(MOST_UNPACKED)} are taken.`);
  }
  const files: TarFile[] = await Promise.all(
    kept.map(async ({ path, file }) => ({ path, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );
  const packed = await gzip(tarWrite(files));
  return made(root.replace(/\/$/, '') || 'Your files', packed, files, left);
}

/** Takes a tar.gz as it is. */
export async function bundleTake(name: string, file: Blob): Promise<Bundle> {
  if (file.size > MOST_PACKED) {
    throw new BundleError(`It has ${formatBytes(file.size)}; up to ${formatBytes(MOST_PACKED)} are taken.`);
  }
  const packed = new Uint8Array(await file.arrayBuffer());
  let files: TarFile[];
  try {
    files = tarRead(await gunzip(packed));
  } catch {
    throw new BundleError(`${name} is no tar.gz that can be read.`);
  }
  if (files.length === 0) throw new BundleError(`${name} has no file in it.`);
  return made(name, packed, files, []);
}

function made(name: string, packed: Uint8Array<ArrayBuffer>, files: TarFile[], left: string[]): Bundle {
  if (packed.length > MOST_PACKED) {
    throw new BundleError(`It has ${formatBytes(packed.length)} packed; up to ${formatBytes(MOST_PACKED)} are taken.`);
  }
  const manifest = files.find(({ path }) => path === 'manifest.json');
  return {
    name,
    packed,
    files: files.map(({ path, bytes }) => ({ path, bytes: bytes.length })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    left,
    contents: files,
    manifest: manifest && new TextDecoder().decode(manifest.bytes),
  };
}

/** The bundle with this text as its manifest. One that says the same is left as it was packed. */
export async function bundleWith(bundle: Bundle, manifest: string): Promise<Bundle> {
  if (bundle.manifest === manifest) return bundle;
  const others = bundle.contents.filter(({ path }) => path !== 'manifest.json');
  const files = [...others, { path: 'manifest.json', bytes: new TextEncoder().encode(manifest) }];
  return made(bundle.name, await gzip(tarWrite(files)), files, bundle.left);
}

/** The folder that all files are in, with its slash; where `manifest.json` lies, that is the agent. */
export function rootOf(paths: string[]): string {
  const manifests = paths.filter((path) => /(^|\/)manifest\.json$/.test(path) && !/(^|\/)node_modules\//.test(path));
  const highest = manifests.sort((a, b) => a.split('/').length - b.split('/').length)[0];
  const folder = highest !== undefined ? highest.slice(0, -'manifest.json'.length) : `${paths[0]?.split('/')[0] ?? ''}/`;
  return paths.every((path) => path.startsWith(folder)) ? folder : '';
}
