// Usage: node xray.mjs ROUNDS < files
//
// Analyses every file with @nodesecure/js-x-ray, alone and on one thread, and prints what the scanner's benchmark prints of itself.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { AstAnalyser } from '@nodesecure/js-x-ray';

const rounds = Number(process.argv[2]);
const paths = readFileSync(0, 'utf8').split('\n').filter(Boolean);
const sources = paths.map((path) => readFileSync(path, 'utf8'));
const best = paths.map(() => Infinity);
const totals = [];
let failed = [];
for (let round = 0; round < rounds; round += 1) {
  let total = 0;
  failed = [];
  for (const [index, source] of sources.entries()) {
    const start = performance.now();
    try {
      new AstAnalyser().analyse(source);
    } catch {
      failed.push(paths[index]);
    }
    const seconds = (performance.now() - start) / 1000;
    total += seconds;
    best[index] = Math.min(best[index], seconds);
  }
  totals.push(total);
  process.stderr.write(`\rjs-x-ray: round ${round + 1} of ${rounds}`);
}
process.stderr.write('\n');
const bytes = sources.reduce((sum, source) => sum + Buffer.byteLength(source), 0);
const files = paths.map((path, index) => ({ path, bytes: Buffer.byteLength(sources[index]), seconds: best[index] }));
console.log(JSON.stringify({ bytes, seconds: Math.min(...totals), rounds: totals, files, failed }));
