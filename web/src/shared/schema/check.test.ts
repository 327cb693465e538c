import { describe, expect, it } from 'vitest';

import { checkInputs, checkValue } from './check';
import { type Field, fieldsOf, type Schema } from './types';

const said = (schema: Schema, value: unknown) => checkValue(schema, value).map(({ field, message }) => `${field}: ${message}`);

describe('the words are the server’s', () => {
  it.each<[Schema, unknown, string]>([
    [{ type: 'string' }, 5, 'the value is not of type "string"'],
    [{ type: ['string', 'null'] }, 5, 'the value is not of types "string", "null"'],
    [{ type: 'integer' }, 1.5, 'the value is not of type "integer"'],
    [{ minimum: 2 }, 1, 'the value is less than the minimum of 2'],
    [{ maximum: 2 }, 3, 'the value is greater than the maximum of 2'],
    [{ exclusiveMinimum: 2 }, 2, 'the value is less than or equal to the minimum of 2'],
    [{ exclusiveMaximum: 2 }, 2, 'the value is greater than or equal to the maximum of 2'],
    [{ multipleOf: 0.1 }, 0.35, 'the value is not a multiple of 0.1'],
    [{ minLength: 2 }, 'a', 'the value is shorter than 2 characters'],
    [{ maxLength: 1 }, 'ab', 'the value is longer than 1 character'],
    [{ pattern: '^a' }, 'ba', 'the value does not match "^a"'],
    [{ enum: ['a', 'b'] }, 'c', 'the value is not one of "a" or "b"'],
    [{ enum: ['a', 'b', 'c', 'd', 'e'] }, 'x', 'the value is not one of "a", "b" or 3 other candidates'],
    [{ const: 1 }, 2, '1 was expected'],
    [{ minItems: 1 }, [], 'the value has less than 1 item'],
    [{ maxItems: 1 }, [1, 2], 'the value has more than 1 item'],
    [{ uniqueItems: true }, [1, 1], 'the value has non-unique elements'],
  ])('%j of %j: %s', (schema, value, message) => {
    expect(said(schema, value)).toEqual([`: ${message}`]);
  });

  it.each<[Schema, unknown]>([
    [{ type: 'integer' }, 5.0],
    [{ multipleOf: 0.1 }, 0.3],
    [{ maxLength: 2 }, '😀😀'],
    [{ format: 'email' }, 'not one'],
    [{ pattern: '(?P<named>a)' }, 'b'],
    [{ enum: [{ a: [1] }] }, { a: [1] }],
    [{ const: null }, null],
  ])('%j takes %j', (schema, value) => {
    expect(said(schema, value)).toEqual([]);
  });
});

describe('paths', () => {
  const rows: Schema = {
    type: 'object',
    properties: {
      rows: { type: 'array', items: { type: 'object', required: ['price'], properties: { price: { type: 'number' } }, additionalProperties: false } },
    },
  };
  it('lead to the part that is wrong', () => {
    expect(said(rows, { rows: [{ price: 1 }, { price: 'x', more: 1 }, {}] })).toEqual([
      'rows[1].price: the value is not of type "number"',
      'rows[1].more: is not declared in the manifest: more',
      'rows[2].price: is required',
    ]);
  });
});

it('reads a manifest as it is written, and asks for what it requires', () => {
  const fields: Field[] = fieldsOf(
    { inputs: [{ name: 'text', type: 'string', required: true, max_length: 3 }, { name: 'key', type: 'string', secret: true }, 'no'] },
    'inputs',
  );
  expect(fields.map(({ name, required, secret }) => [name, required, secret])).toEqual([
    ['text', true, false],
    ['key', false, true],
  ]);
  expect(checkInputs(fields, {})).toEqual([{ field: 'text', message: 'is required' }]);
  expect(checkInputs(fields, { text: 'abcd', extra: 1 }).map(({ field }) => field)).toEqual(['text', 'extra']);
});
