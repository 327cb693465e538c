// Usage: node judge.mjs speed|recall|precision FOLDER
//
// Sets what the scanner said beside what it should, prints a table, writes FOLDER/result-FIGURE.json, and exits with 1 when a number is missed.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const MIN_MEGABYTES = 20;
const MIN_RATIO = 10;
const [figure, folder] = process.argv.slice(2);
const read = (name) => readFileSync(`${folder}/${name}`, 'utf8');
const lines = (name) => read(name).split('\n').filter(Boolean).map((line) => JSON.parse(line));
const percent = (part, all) => `${((100 * part) / all).toFixed(1)} %`;
const missed = [];

const judges = { speed, recall, precision };
const result = judges[figure]();
writeFileSync(`${folder}/result-${figure}.json`, `${JSON.stringify({ ...result, missed }, undefined, 1)}\n`);
for (const miss of missed) console.log(`  MISSED: ${miss}`);
process.exit(missed.length ? 1 : 0);

function speed() {
  const [ours, peer] = [JSON.parse(read('ours.json')), JSON.parse(read('peer.json'))];
  const rate = (run) => run.bytes / run.seconds / 1e6;
  const core = ours.bytes / ours.cpu_seconds / 1e6;
  const ratio = rate(ours) / rate(peer);
  console.log(`speed, ${ours.files.length} files of ${(ours.bytes / 1e6).toFixed(1)} MB      MB/s`);
  console.log(`  scanner, a core's time         ${core.toFixed(1).padStart(8)}   (at least ${MIN_MEGABYTES})`);
  console.log(`  scanner, by the clock          ${rate(ours).toFixed(1).padStart(8)}`);
  console.log(`  @nodesecure/js-x-ray           ${rate(peer).toFixed(2).padStart(8)}   ratio ${ratio.toFixed(1)} (at least ${MIN_RATIO})`);
  const slow = [...ours.files].sort((a, b) => a.bytes / a.seconds - b.bytes / b.seconds).slice(0, 5);
  for (const file of slow) {
    console.log(`    slowest: ${(file.bytes / file.seconds / 1e6).toFixed(1).padStart(6)} MB/s ${file.path.slice(folder.length + 5)}`);
  }
  if (peer.failed.length) console.log(`  js-x-ray could not analyse ${peer.failed.length} of them`);
  if (core < MIN_MEGABYTES) missed.push(`${core.toFixed(1)} MB/s`);
  if (ratio < MIN_RATIO) missed.push(`${ratio.toFixed(1)} times js-x-ray`);
  return { megabytes_a_second: core, by_the_clock: rate(ours), peer: rate(peer), ratio };
}

function recall() {
  const variants = new Map();
  for (const one of lines('recall.jsonl')) {
    const folder = dirname(one.path);
    const kind = basename(dirname(folder));
    const key = `${kind}/${basename(folder)}`;
    const variant = variants.get(key) ?? { kind, files: 0, found: 0, rejected: 0, wrong: [] };
    const found = one.rejected.some((finding) => finding.rule === 'obfuscated-code');
    variant.files += 1;
    variant.found += found ? 1 : 0;
    variant.rejected += one.rejected.length ? 1 : 0;
    if (found !== (kind === 'obfuscated')) variant.wrong.push({ path: one.path, rejected: one.rejected });
    variants.set(key, variant);
  }
  const sum = (kind, field) => [...variants.values()].filter((one) => one.kind === kind).reduce((all, one) => all + one[field], 0);
  console.log('recall                                       files  as obfuscated');
  for (const [name, one] of variants) {
    console.log(`  ${name.padEnd(42)} ${String(one.files).padStart(5)} ${String(one.found).padStart(14)}`);
    for (const wrong of one.wrong) console.log(`    wrong: ${wrong.path}`);
  }
  const [disguised, found] = [sum('obfuscated', 'files'), sum('obfuscated', 'found')];
  const [minified, accused] = [sum('minified', 'files'), sum('minified', 'found')];
  console.log(`  obfuscated and found: ${found} of ${disguised} (${percent(found, disguised)}); minified and accused: ${accused} of ${minified}`);
  if (found < disguised) missed.push(`${disguised - found} obfuscated sources were not found`);
  if (accused) missed.push(`${accused} minified sources are called obfuscated`);
  return { disguised, found, minified, accused, variants: Object.fromEntries(variants) };
}

function precision() {
  const expected = JSON.parse(readFileSync(new URL('../../scanner/expected.json', import.meta.url), 'utf8'));
  const counts = { pass: 0, flag: 0, reject: 0 };
  const packages = [];
  let falsely = 0;
  console.log('precision                            verdict   files      MB   ms   rules of its rejects');
  for (const one of lines('precision.jsonl')) {
    const spec = basename(one.path).replace('+', '/');
    const name = spec.replace(/(?<=.)(@|==).*$/, '');
    if (one.error) {
      missed.push(`${spec}: ${one.error}`);
      continue;
    }
    counts[one.verdict] += 1;
    const rules = [...new Set(one.rejected.map((finding) => finding.rule))];
    const known = expected[name]?.rules ?? {};
    const wrong = one.rejected.filter((finding) => !(finding.rule in known));
    const truly = rules.map((rule) => (rule in known ? rule : `${rule} (FALSE?)`)).join(', ');
    const left = one.left_out ? ` (${one.left_out} files are beyond a bundle's limits)` : '';
    const cells = [String(one.files).padStart(6), (one.bytes / 1e6).toFixed(2).padStart(8), (one.seconds * 1e3).toFixed(0).padStart(5)];
    console.log(`  ${spec.padEnd(34)} ${one.verdict.padEnd(7)}${cells.join('')}   ${truly}${left}`);
    for (const finding of wrong.slice(0, 3)) {
      console.log(`      ${finding.rule} ${finding.file}:${finding.line}:${finding.column} ${finding.snippet.slice(0, 80)}`);
    }
    falsely += wrong.length ? 1 : 0;
    packages.push({ spec, verdict: one.verdict, rules, wrong, flagged: one.flagged });
  }
  const all = packages.length;
  console.log(`  ${all} packages: ${counts.pass} pass, ${counts.flag} flagged, ${counts.reject} rejected, ${falsely} of them falsely`);
  if (falsely) missed.push(`${falsely} packages are rejected for what bench/scanner/expected.json does not know`);
  return { ...counts, falsely, packages };
}
