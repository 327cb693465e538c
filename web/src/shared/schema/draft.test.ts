import { describe, expect, it } from 'vitest';

import { controlOf, draftsOf, draftsRead, rootOf } from './draft';
import type { Field, Schema } from './types';

const field = (name: string, schema: Schema, more: Partial<Field> = {}): Field => ({ name, required: false, secret: false, schema, ...more });

describe('controls', () => {
  it.each<[string, Field]>([
    ['secret', field('key', { type: 'string' }, { secret: true })],
    ['choice', field('style', { type: 'string', enum: ['a', 'b'] })],
    ['choice', field('level', { enum: [1, 2] })],
    ['switch', field('header', { type: 'boolean' })],
    ['number', field('top', { type: 'integer' })],
    ['text', field('name', { type: 'string' })],
    ['text', field('text', { type: 'string', maxLength: 20 })],
    ['lines', field('csv', { type: 'string' })],
    ['lines', field('title', { type: 'string', maxLength: 5_000 })],
    ['tags', field('words', { type: 'array', items: { type: 'string' } })],
    ['choices', field('kinds', { type: 'array', items: { type: 'string', enum: ['a'] } })],
    ['json', field('rows', { type: 'array', items: { type: 'object' } })],
    ['json', field('options', { type: 'object' })],
  ])('%s', (control, of) => {
    expect(controlOf(of)).toBe(control);
  });
});

const FIELDS = [
  field('text', { type: 'string' }, { required: true }),
  field('style', { type: 'string', enum: ['label', 'mask'], default: 'label' }),
  field('top', { type: 'integer', minimum: 0 }),
  field('header', { type: 'boolean' }),
  field('kinds', { type: 'array', items: { type: 'string' }, default: ['a'] }),
  field('options', { type: 'object' }),
  field('key', { type: 'string' }, { required: true, secret: true }),
];

describe('reading a form', () => {
  it('sends what was filled in and nothing else', () => {
    const drafts = { ...draftsOf(FIELDS), text: 'x', key: 'k' };
    expect(draftsRead(FIELDS, drafts)).toEqual({ values: { text: 'x', style: 'label', kinds: ['a'], key: 'k' }, errors: [] });
  });

  it('says what is missing, and lets secrets be that the server has', () => {
    expect(draftsRead(FIELDS, draftsOf(FIELDS)).errors.map(({ field: name }) => name)).toEqual(['text', 'key']);
    expect(draftsRead(FIELDS, draftsOf(FIELDS), ['key']).errors.map(({ field: name }) => name)).toEqual(['text']);
  });

  it('does not let a list that has a default be emptied unseen', () => {
    const drafts = { ...draftsOf(FIELDS), text: 'x', kinds: [] };
    expect(draftsRead(FIELDS, drafts, ['key']).values.kinds).toEqual([]);
  });

  it('says once of bad JSON that it is bad', () => {
    const { errors, values } = draftsRead(FIELDS, { ...draftsOf(FIELDS), text: 'x', options: '{' }, ['key']);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toMatch(/^is not valid JSON/);
    expect(values).not.toHaveProperty('options');
  });

  it('begins with what is given, and never shows a secret', () => {
    const drafts = draftsOf(FIELDS, { text: 'old', style: 'mask', options: { a: 1 } });
    expect(drafts).toMatchObject({ text: 'old', style: '"mask"', options: '{\n  "a": 1\n}', key: '' });
  });
});

it('finds the field that a path is in', () => {
  expect([rootOf('rows[2].price'), rootOf('options.a'), rootOf('text'), rootOf('')]).toEqual(['rows', 'options', 'text', '']);
});
