/** The part of JSON Schema that a manifest's fields may use (ADR 0009). */

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'null';

export interface Schema {
  type?: JsonType | JsonType[];
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
}

/** One declared input or output. */
export interface Field {
  name: string;
  required: boolean;
  /** Encrypted, cleared from logs and never shown again. */
  secret: boolean;
  schema: Schema;
}

const RENAMED: Record<string, string> = {
  min_length: 'minLength',
  max_length: 'maxLength',
  min_items: 'minItems',
  max_items: 'maxItems',
};

/** The inputs or outputs of a manifest as the API shows it. Entries that are none are left out. */
export function fieldsOf(manifest: unknown, part: 'inputs' | 'outputs'): Field[] {
  const entries = (manifest as Record<string, unknown> | null | undefined)?.[part];
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { name, required, secret, ...schema } = entry as Record<string, unknown>;
    if (typeof name !== 'string') return [];
    return [{ name, required: required === true, secret: secret === true, schema: schemaOf(schema) }];
  });
}

function schemaOf(raw: Record<string, unknown>): Schema {
  const schema: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    const name = RENAMED[key] ?? key;
    if (name === 'items' && isRecord(value)) schema.items = schemaOf(value);
    else if (name === 'properties' && isRecord(value)) {
      schema.properties = Object.fromEntries(
        Object.entries(value).map(([property, part]) => [property, isRecord(part) ? schemaOf(part) : {}]),
      );
    } else schema[name] = value;
  }
  return schema as Schema;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The types a value may have, as a list. */
export function typesOf(schema: Schema): JsonType[] {
  if (schema.type === undefined) return [];
  return Array.isArray(schema.type) ? schema.type : [schema.type];
}
