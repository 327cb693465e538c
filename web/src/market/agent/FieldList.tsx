import { Badge, Code, Text } from '@mantine/core';

import { formatCount } from '@/shared/numbers';
import { type Field, type Schema, typesOf } from '@/shared/schema/types';

import classes from './FieldList.module.css';

interface Props {
  fields: Field[];
  label: string;
  empty: string;
  isOutput?: boolean;
}

/** What a manifest declares, for reading. */
export function FieldList({ fields, label, empty, isOutput = false }: Props) {
  if (fields.length === 0) return <Text c="dimmed">{empty}</Text>;
  return (
    <dl className={classes.frame} aria-label={label}>
      {fields.map((field) => (
        <div key={field.name} className={classes.row}>
          <dt className={classes.name}>
            <Code>{field.name}</Code>
            <Text size="xs" c="dimmed" mt={3}>
              {typeWords(field.schema)}
            </Text>
          </dt>
          <dd className={classes.what}>
            <Text size="sm">{field.schema.description ?? <span className={classes.none}>Not described.</span>}</Text>
            <div className={classes.notes}>
              {!isOutput && field.required && <Badge color="gray">Required</Badge>}
              {field.secret && <Badge color="gray">Secret</Badge>}
              {rules(field.schema).map((rule) => (
                <Text key={rule} size="xs" c="dimmed" span>
                  {rule}
                </Text>
              ))}
            </div>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const TYPES: Record<string, string> = {
  string: 'text', number: 'number', integer: 'whole number', boolean: 'yes or no', array: 'list', object: 'object', null: 'nothing',
};

function typeWords(schema: Schema): string {
  const types = typesOf(schema).map((type) => TYPES[type] ?? type);
  const of = schema.items && typesOf(schema.items).length > 0 ? ` of ${typeWords(schema.items)}` : '';
  return types.length === 0 ? 'anything' : `${types.join(' or ')}${of}`;
}

function defaultWords(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'empty' : value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.length === 0 ? 'empty' : value.join(', ');
  return JSON.stringify(value);
}

/** Limits and defaults, short. */
function rules(schema: Schema): string[] {
  const said: string[] = [];
  const choices = schema.enum ?? schema.items?.enum;
  if (choices) said.push(`One of ${choices.map(String).join(', ')}`);
  const [least, most] = [schema.minimum, schema.maximum];
  if (least !== undefined && most !== undefined) said.push(`${formatCount(least)} to ${formatCount(most)}`);
  else if (least !== undefined) said.push(`At least ${formatCount(least)}`);
  else if (most !== undefined) said.push(`At most ${formatCount(most)}`);
  if (schema.maxLength !== undefined) said.push(`Up to ${formatCount(schema.maxLength)} characters`);
  if (schema.maxItems !== undefined) said.push(`Up to ${formatCount(schema.maxItems)} entries`);
  if (schema.default !== undefined) {
    const text = defaultWords(schema.default);
    said.push(`Default: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`);
  }
  return said;
}
