// Fails when src/api/schema.d.ts is not what the committed OpenAPI document makes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'frameos-types-'));
try {
  const made = join(folder, 'schema.d.ts');
  execFileSync(here('../node_modules/.bin/openapi-typescript'), [here('../../docs/openapi.json'), '-o', made], { stdio: 'ignore' });
  if (readFileSync(made, 'utf8') !== readFileSync(here('../src/api/schema.d.ts'), 'utf8')) {
    console.error('types: src/api/schema.d.ts is not of docs/openapi.json; run `npm run types`');
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
