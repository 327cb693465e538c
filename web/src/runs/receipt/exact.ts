/**
 * JSON with the numbers as they are written, and the canonical form that receipts hash (docs/receipts.md): members
 * sorted by UTF-16 code units, no white space, numbers untouched.
 */

/** A number as it stands in the text. */
export class ExactNumber {
  constructor(readonly text: string) {}
}

export type Exact = null | boolean | string | ExactNumber | Exact[] | { [name: string]: Exact };

/** Reads JSON strictly: a name that stands twice in one object is refused, as it could be read two ways. */
export function exactParse(text: string): Exact {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

export function canonical(value: Exact): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  // The default order of `sort` is that of UTF-16 code units.
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Exact)}`);
  return `{${members.join(',')}}`;
}

/** The member of an object, or `undefined`. */
export function member(value: Exact | undefined, ...path: string[]): Exact | undefined {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || at instanceof ExactNumber) return undefined;
    at = Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

/** A text, or a number as it is written. */
export function plain(value: Exact | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof ExactNumber ? value.text : undefined;
}

const DEEPEST = 200;
const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  value(depth: number): Exact {
    if (depth > DEEPEST) throw new Error('the JSON is nested too deep');
    this.take(SPACE);
    const next = this.text[this.at];
    if (next === '{') return this.object(depth);
    if (next === '[') return this.list(depth);
    if (next === '"') return this.string();
    const word = this.take(WORD);
    if (word) return word === 'null' ? null : word === 'true';
    const number = this.take(NUMBER);
    if (number) return new ExactNumber(number);
    throw new Error(`there is no JSON at position ${this.at}`);
  }

  end(): void {
    this.take(SPACE);
    if (this.at !== this.text.length) throw new Error('something stands after the JSON');
  }

  private object(depth: number): Exact {
    // Without a prototype, so that `__proto__` is a name like any other.
    const members = Object.create(null) as { [name: string]: Exact };
    this.at += 1;
    for (let isFirst = true; !this.closes('}', isFirst); isFirst = false) {
      this.take(SPACE);
      const name = this.string();
      if (name in members) throw new Error(`${name} stands twice in one object`);
      this.take(SPACE);
      this.expect(':');
      members[name] = this.value(depth + 1);
    }
    return members;
  }

  private list(depth: number): Exact {
    const items: Exact[] = [];
    this.at += 1;
    for (let isFirst = true; !this.closes(']', isFirst); isFirst = false) items.push(this.value(depth + 1));
    return items;
  }

  /** Passes the comma before the next entry, or the bracket after the last. */
  private closes(bracket: string, isFirst: boolean): boolean {
    this.take(SPACE);
    if (this.text[this.at] === bracket) {
      this.at += 1;
      return true;
    }
    if (!isFirst) this.expect(',');
    return false;
  }

  private string(): string {
    const found = this.take(STRING);
    if (!found) throw new Error(`there is no text at position ${this.at}`);
    return JSON.parse(found) as string;
  }

  private expect(sign: string): void {
    if (this.text[this.at] !== sign) throw new Error(`"${sign}" is missing at position ${this.at}`);
    this.at += 1;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }
}
