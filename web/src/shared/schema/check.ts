/**
 * Checks values as the server does (ADR 0009), in its words, so that a form can say at once what a request would be
 * refused for. What only the server can decide (a pattern its engine reads otherwise) is left to it.
 *
 * Formats are hints: the server does not refuse by them, so neither does this.
 */
import type { FieldError } from '@/api/errors';

import { type Field, type JsonType, type Schema, typesOf } from './types';

const MOST_ERRORS = 20;

/** What is wrong with `values` as inputs that declare `fields`. */
export function checkInputs(fields: Field[], values: Record<string, unknown>): FieldError[] {
  const schema: Schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, field.schema])),
    required: fields.filter((field) => field.required).map((field) => field.name),
    additionalProperties: false,
  };
  return checkValue(schema, values);
}

export function checkValue(schema: Schema, value: unknown, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  walk(schema, value, path, errors);
  return errors.slice(0, MOST_ERRORS);
}

function walk(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  const say = (message: string) => errors.push({ field: path, message });
  const types = typesOf(schema);
  if (types.length > 0 && !types.some((type) => isOf(type, value))) {
    const names = types.map((type) => `"${type}"`).join(', ');
    say(types.length === 1 ? `the value is not of type ${names}` : `the value is not of types ${names}`);
  }
  if (schema.enum && !schema.enum.some((choice) => isSame(choice, value))) say(`the value is not one of ${listed(schema.enum)}`);
  if (schema.const !== undefined && !isSame(schema.const, value)) say(`${JSON.stringify(schema.const)} was expected`);
  if (typeof value === 'number') checkNumber(schema, value, say);
  if (typeof value === 'string') checkText(schema, value, say);
  if (Array.isArray(value)) checkList(schema, value, path, errors);
  else if (typeof value === 'object' && value !== null) checkObject(schema, value as Record<string, unknown>, path, errors);
}

type Say = (message: string) => void;

function checkNumber(schema: Schema, value: number, say: Say): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (minimum !== undefined && value < minimum) say(`the value is less than the minimum of ${minimum}`);
  if (maximum !== undefined && value > maximum) say(`the value is greater than the maximum of ${maximum}`);
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    say(`the value is less than or equal to the minimum of ${exclusiveMinimum}`);
  }
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) {
    say(`the value is greater than or equal to the maximum of ${exclusiveMaximum}`);
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) say(`the value is not a multiple of ${multipleOf}`);
}

/** 0.3 is a multiple of 0.1, whatever binary fractions make of it. */
function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}

function checkText(schema: Schema, value: string, say: Say): void {
  const { minLength, maxLength, pattern } = schema;
  // Characters are code points, as on the server.
  const length = minLength !== undefined || maxLength !== undefined ? [...value].length : 0;
  if (minLength !== undefined && length < minLength) say(`the value is shorter than ${counted(minLength, 'character')}`);
  if (maxLength !== undefined && length > maxLength) say(`the value is longer than ${counted(maxLength, 'character')}`);
  if (pattern !== undefined && patternOf(pattern)?.test(value) === false) say(`the value does not match "${pattern}"`);
}

/** `null` when it is written for another engine. */
function patternOf(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return null;
  }
}

function checkList(schema: Schema, value: unknown[], path: string, errors: FieldError[]): void {
  const say = (message: string) => errors.push({ field: path, message });
  const { minItems, maxItems, uniqueItems, items } = schema;
  if (minItems !== undefined && value.length < minItems) say(`the value has less than ${counted(minItems, 'item')}`);
  if (maxItems !== undefined && value.length > maxItems) say(`the value has more than ${counted(maxItems, 'item')}`);
  if (uniqueItems && new Set(value.map((item) => JSON.stringify(item))).size < value.length) {
    say('the value has non-unique elements');
  }
  if (items) value.forEach((item, index) => walk(items, item, `${path}[${index}]`, errors));
}

function checkObject(schema: Schema, value: Record<string, unknown>, path: string, errors: FieldError[]): void {
  const { properties = {}, required = [], additionalProperties } = schema;
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const name of required) {
    if (value[name] === undefined) errors.push({ field: at(name), message: 'is required' });
  }
  for (const [name, part] of Object.entries(properties)) {
    if (value[name] !== undefined) walk(part, value[name], at(name), errors);
  }
  if (additionalProperties !== false) return;
  const unexpected = Object.keys(value).filter((name) => !(name in properties) && value[name] !== undefined);
  if (unexpected.length > 0) {
    const field = unexpected.length === 1 && unexpected[0] !== undefined ? at(unexpected[0]) : path;
    errors.push({ field, message: `is not declared in the manifest: ${unexpected.join(', ')}` });
  }
}

function isOf(type: JsonType, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((part, index) => isSame(part, b[index]));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => isSame(left[name], right[name]));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(choices: unknown[]): string {
  const said = choices.map((choice) => JSON.stringify(choice));
  if (said.length > 3) return `${said.slice(0, 2).join(', ')} or ${said.length - 2} other candidates`;
  return said.length < 2 ? said.join('') : `${said.slice(0, -1).join(', ')} or ${said.at(-1)}`;
}
