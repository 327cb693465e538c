// Adds up what the first view of the marketplace loads (scripts and styles of the entry, which has the home page in it, compressed),
// and fails when it is more than the budget.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const BUDGET = 260_000;
const FIRST_VIEW = 'index.html';

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist)));

const files = new Set(['boot.js']);
const seen = new Set();
function collect(key) {
  if (seen.has(key)) return;
  seen.add(key);
  const chunk = manifest[key];
  if (!chunk) throw new Error(`the build has no ${key}`);
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const font of (chunk.assets ?? []).filter((name) => name.endsWith('.woff2'))) files.add(font);
  for (const imported of chunk.imports ?? []) collect(imported);
}
collect(FIRST_VIEW);

let [brotli, gzip] = [0, 0];
for (const file of [...files].sort()) {
  const bytes = readFileSync(new URL(file, dist));
  // Fonts are compressed as they are.
  const isFont = file.endsWith('.woff2');
  const small = isFont
    ? bytes.length
    : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  const zipped = isFont ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  brotli += small;
  gzip += zipped;
  console.log(`${String(small).padStart(8)} B brotli ${String(zipped).padStart(8)} B gzip  ${file}`);
}
console.log(`first view: ${brotli} B brotli, ${gzip} B gzip; budget ${BUDGET} B`);
if (brotli > BUDGET) {
  console.error('size: the first view is over its budget');
  process.exit(1);
}
