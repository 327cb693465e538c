/**
 * What stands in a form's controls (drafts), and the values it means.
 *
 * Invariant: a control that was left empty sends nothing, so that the server fills in the default or says what is missing.
 */
import type { FieldError } from '@/api/errors';

import { checkInputs } from './check';
import { type Field, type Schema, typesOf } from './types';

/** Which control a field gets. */
export type Control = 'switch' | 'choice' | 'choices' | 'tags' | 'number' | 'text' | 'lines' | 'secret' | 'json';

export type Draft = string | number | boolean | string[];
export type Drafts = Record<string, Draft>;

const LINES_FROM = 200;

export function controlOf(field: Field): Control {
  const { schema } = field;
  const types = typesOf(schema).filter((type) => type !== 'null');
  const type = types.length === 1 ? types[0] : undefined;
  if (field.secret && type === 'string') return 'secret';
  if (schema.enum && schema.enum.every((choice) => isPlain(choice)) && type !== 'array') return 'choice';
  if (type === 'boolean') return 'switch';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'string') return (schema.maxLength ?? Number.POSITIVE_INFINITY) > LINES_FROM && !isShort(field) ? 'lines' : 'text';
  if (type === 'array' && isTextList(schema.items)) return schema.items?.enum ? 'choices' : 'tags';
  return 'json';
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isTextList(items: Schema | undefined): boolean {
  return items !== undefined && typesOf(items).length === 1 && typesOf(items)[0] === 'string';
}

const SHORT_FORMATS = new Set(['email', 'uri', 'url', 'date', 'time', 'date-time', 'hostname', 'ipv4', 'ipv6', 'uuid']);
const LONG_NAMES = /(^|_)(text|csv|body|content|markdown|html|code|document|prompt|message|notes?|query|json|data)(_|$)/i;

/** Whether a text without a length limit is probably one line. */
function isShort({ name, schema }: Field): boolean {
  if (schema.format !== undefined && SHORT_FORMATS.has(schema.format)) return true;
  if (schema.maxLength !== undefined) return schema.maxLength <= LINES_FROM;
  return !LONG_NAMES.test(name);
}

/** The drafts of a form that begins with `given`, or with the defaults where nothing is given. */
export function draftsOf(fields: Field[], given: Record<string, unknown> = {}): Drafts {
  return Object.fromEntries(
    fields.map((field) => [field.name, draftOf(field, given[field.name] ?? (field.secret ? undefined : field.schema.default))]),
  );
}

function draftOf(field: Field, value: unknown): Draft {
  switch (controlOf(field)) {
    case 'switch':
      return value === true;
    case 'choices':
    case 'tags':
      return Array.isArray(value) ? value.map(String) : [];
    case 'number':
      return typeof value === 'number' ? value : '';
    case 'choice':
      return value === undefined ? '' : JSON.stringify(value);
    case 'json':
      return value === undefined ? '' : JSON.stringify(value, null, 2);
    default:
      return typeof value === 'string' ? value : '';
  }
}

export interface Read {
  values: Record<string, unknown>;
  errors: FieldError[];
}

/** The values that drafts mean, and what is wrong with them. Secrets in `kept` may stay empty: the server has them. */
export function draftsRead(fields: Field[], drafts: Drafts, kept: readonly string[] = []): Read {
  const values: Record<string, unknown> = {};
  const errors: FieldError[] = [];
  for (const field of fields) {
    const draft = drafts[field.name];
    if (draft === undefined) continue;
    try {
      const value = valueOf(field, draft);
      if (value !== undefined) values[field.name] = value;
    } catch (error) {
      errors.push({ field: field.name, message: error instanceof Error ? error.message : 'cannot be read' });
    }
  }
  const unread = new Set(errors.map((error) => error.field));
  const toCheck = fields.map((field) => (kept.includes(field.name) ? { ...field, required: false } : field));
  for (const error of checkInputs(toCheck, values)) {
    if (!unread.has(rootOf(error.field))) errors.push(error);
  }
  return { values, errors };
}

function valueOf(field: Field, draft: Draft): unknown {
  switch (controlOf(field)) {
    case 'switch':
      // Off and never asked for means the same to an agent that has no default.
      return draft === true || field.required || field.schema.default !== undefined ? draft : undefined;
    case 'choices':
    case 'tags':
      return (draft as string[]).length > 0 || field.schema.default !== undefined ? draft : undefined;
    case 'number':
      if (draft === '') return undefined;
      return typeof draft === 'number' ? draft : Number(draft);
    case 'choice':
      return draft === '' ? undefined : (JSON.parse(String(draft)) as unknown);
    case 'json':
      if (String(draft).trim() === '') return undefined;
      return jsonOf(String(draft));
    default:
      return draft === '' ? undefined : draft;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`is not valid JSON: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}

/** The declared field that a path such as `rows[2].price` is in. */
export function rootOf(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? '';
}
