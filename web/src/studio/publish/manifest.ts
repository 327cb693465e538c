/** The manifest while it is written: one text, which the form's fields read and change. */
import type { PricingForm } from '../types';

export type ManifestObject = Record<string, unknown>;

/** None while the text is no JSON object. */
export function manifestParse(text: string): ManifestObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ManifestObject) : undefined;
  } catch {
    return undefined;
  }
}

export const manifestText = (manifest: ManifestObject): string => `${JSON.stringify(manifest, null, 2)}\n`;

/** The manifest with `key` as `value`; without it where there is none. */
export function manifestWith(manifest: ManifestObject, key: string, value: unknown): ManifestObject {
  if (value === undefined || value === '') {
    const { [key]: _gone, ...rest } = manifest;
    return rest;
  }
  return { ...manifest, [key]: value };
}

export const textIn = (manifest: ManifestObject, key: string): string =>
  typeof manifest[key] === 'string' ? manifest[key] : '';

export const textsIn = (manifest: ManifestObject, key: string): string[] =>
  Array.isArray(manifest[key]) ? manifest[key].filter((entry): entry is string => typeof entry === 'string') : [];

export function pricingIn(manifest: ManifestObject): PricingForm | undefined {
  const { pricing } = manifest;
  return typeof pricing === 'object' && pricing !== null && !Array.isArray(pricing) ? (pricing as PricingForm) : undefined;
}

/** A start for who brings a program without one. */
export function manifestNew(files: string[], folder: string): string {
  const language = files.includes('main.py') || !files.some((path) => /\.[cm]?js$/.test(path)) ? 'python' : 'nodejs';
  const slug = folder.toLowerCase().replace(/(\.tar)?\.(gz|tgz)$/, '').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return manifestText({
    name: '',
    slug,
    description: '',
    category: '',
    version: '1.0.0',
    tags: [],
    pricing: { model: 'per_execution', amount: 100, currency: 'INR' },
    runtime:
      language === 'python'
        ? { language, version: '3.11', entrypoint: 'main.py' }
        : { language, version: '20', entrypoint: 'index.js' },
    inputs: [],
    outputs: [],
    capabilities: [],
  });
}

/** The line of a JSON path such as `$.inputs[0].type` in a formatted text; none when it is not there. */
export function lineOf(text: string, path: string): number | undefined {
  const keys = [...path.matchAll(/\.([A-Za-z_][\w-]*)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index));
  let value: unknown = manifestParse(text);
  // Each step is looked for after the one before it, by what the step's value begins with in the text.
  let at = 0;
  let found = false;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) break;
    if (typeof key === 'number') {
      const entry = (value as unknown[])[key];
      for (let index = 0; index <= key; index += 1) {
        const next = nextEntry(text, at, index === 0);
        if (next === undefined) return found ? lineAt(text, at) : undefined;
        at = next;
      }
      value = entry;
    } else {
      const place = text.indexOf(`${JSON.stringify(key)}:`, at);
      if (place < 0) break;
      at = place + key.length + 3;
      value = (value as ManifestObject)[key];
    }
    found = true;
  }
  return found ? lineAt(text, at) : undefined;
}

/** Where the next entry of a list begins: after its bracket, or after the comma that ends the entry at `at`. */
function nextEntry(text: string, at: number, isFirst: boolean): number | undefined {
  let depth = isFirst ? -1 : 0;
  let inString = false;
  for (let index = at; index < text.length; index += 1) {
    const letter = text[index];
    if (inString) {
      if (letter === '\\') index += 1;
      else if (letter === '"') inString = false;
      continue;
    }
    if (letter === '"') inString = true;
    else if (letter === '[' || letter === '{') {
      depth += 1;
      if (isFirst && depth === 0) return skipSpace(text, index + 1);
    } else if (letter === ']' || letter === '}') {
      depth -= 1;
      if (depth < 0) return undefined;
    } else if (letter === ',' && depth === 0) return skipSpace(text, index + 1);
  }
  return undefined;
}

function skipSpace(text: string, at: number): number {
  let index = at;
  while (/\s/.test(text[index] ?? '')) index += 1;
  return index;
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;
