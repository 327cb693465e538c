/** What a scan says, in plain words. */
import type { Finding, ScanReport } from '../types';

export const VERDICT: Record<ScanReport['verdict'], { color: string; title: string; says: string }> = {
  pass: { color: 'green', title: 'The scan passed', says: 'Nothing in this code has to be decided by a person.' },
  flag: { color: 'yellow', title: 'The scan flagged something', says: 'A reviewer decides whether it is honest.' },
  reject: { color: 'red', title: 'The scan rejects this code', says: 'It cannot be published before this is changed.' },
};

export const ACTION: Record<Finding['action'], { color: string; label: string; mark: 'info' | 'warn' | 'bad' }> = {
  reject: { color: 'red', label: 'Rejected', mark: 'bad' },
  flag: { color: 'yellow', label: 'Flagged', mark: 'warn' },
  allow: { color: 'gray', label: 'Note', mark: 'info' },
};

const WEIGHT: Record<Finding['action'], number> = { reject: 0, flag: 1, allow: 2 };

/** What must be decided first comes first; else as in the report. */
export function findingsSorted(findings: Finding[]): Finding[] {
  return [...findings].sort((a, b) => WEIGHT[a.action] - WEIGHT[b.action]);
}

/** `main.py:12`, or the file alone. */
export function placeOf(finding: { file: string; line: number }): string {
  return finding.line > 0 ? `${finding.file}:${finding.line}` : finding.file;
}

/** What code reaches for, as whoever runs it would put it. */
export const ABILITY: Record<string, string> = {
  network: 'reach the network',
  file_system: 'read or write files',
  process: 'start other programs',
  environment: 'read environment variables',
  native_code: 'run native code',
  dynamic_code: 'make code while it runs',
  hashing: 'compute hashes',
  http_request: 'make HTTP requests',
};

export const abilityWords = (ability: string): string => ABILITY[ability] ?? ability.replaceAll('_', ' ');
