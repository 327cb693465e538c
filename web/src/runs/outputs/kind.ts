/** How a value is best shown, told from the value itself: the manifest that promised it may have moved on. */

export type Kind = 'image' | 'file' | 'markdown' | 'text' | 'line' | 'table' | 'list' | 'record' | 'tree' | 'nothing';

const IMAGE = /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml);base64,[A-Za-z0-9+/=\s]+$/;
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(;[\w-]+=[\w-]+)*(;base64)?,/;
const MARKDOWN_NAME = /(^|_)(markdown|md|report|readme)(_|$)/i;
/** A heading, a list of several lines, a fence, a table's rule or a link. */
const MARKDOWN_SIGNS = [/^#{1,4} \S/m, /^(?:[-*] .+\n){2}/m, /^```/m, /^\|?[ :]*-{3,}[ :]*\|/m, /\[[^\]\n]+\]\(https?:/];
const LONG = 120;
const MOST_COLUMNS = 24;

export function kindOf(name: string, value: unknown): Kind {
  if (value === null || value === undefined || value === '') return 'nothing';
  if (typeof value === 'string') return kindOfText(name, value);
  if (typeof value !== 'object') return 'line';
  if (Array.isArray(value)) {
    if (value.length === 0) return 'nothing';
    if (columnsOf(value) !== null) return 'table';
    return value.every(isPlain) ? 'list' : 'tree';
  }
  const parts = Object.values(value);
  if (parts.length === 0) return 'nothing';
  return parts.every((part) => part === null || (isPlain(part) && String(part).length <= LONG)) ? 'record' : 'tree';
}

function kindOfText(name: string, value: string): Kind {
  if (IMAGE.test(value)) return 'image';
  if (DATA_URL.test(value)) return 'file';
  if (MARKDOWN_NAME.test(name) || (value.includes('\n') && MARKDOWN_SIGNS.filter((sign) => sign.test(value)).length > 0)) return 'markdown';
  return value.includes('\n') || value.length > LONG ? 'text' : 'line';
}

export function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** The columns of a list of objects that makes a table: objects only, and not more names than can be read. */
export function columnsOf(value: readonly unknown[]): string[] | null {
  const columns = new Set<string>();
  for (const row of value) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
    for (const name of Object.keys(row)) columns.add(name);
    if (columns.size > MOST_COLUMNS) return null;
  }
  return columns.size > 0 ? [...columns] : null;
}

/** The media type and the bytes of a data URL. */
export function dataUrlRead(url: string): Blob | null {
  const comma = url.indexOf(',');
  const head = url.slice(5, comma);
  try {
    const type = head.split(';')[0] || 'application/octet-stream';
    const raw = head.endsWith(';base64') ? atob(url.slice(comma + 1).replace(/\s/g, '')) : decodeURIComponent(url.slice(comma + 1));
    return new Blob([Uint8Array.from(raw, (letter) => letter.charCodeAt(0))], { type });
  } catch {
    return null;
  }
}

/** A plain value in words. Numbers stay as they are: a year or a code is no count. */
export function lineOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return String(value);
}
