import { Alert, Stack } from '@mantine/core';
import { CircleAlert } from 'lucide-react';

import { SchemaControl } from './SchemaControl';
import type { Field } from './types';
import type { SchemaForm } from './useSchemaForm';

interface Props {
  fields: Field[];
  form: SchemaForm;
  /** Secrets that the server has. */
  kept?: readonly string[];
  disabled?: boolean;
}

/** The controls of a form that a manifest describes, in the manifest's order. */
export function SchemaFields({ fields, form, kept = [], disabled = false }: Props) {
  return (
    <Stack gap="md">
      {form.errors[''] && (
        <Alert color="red" role="alert" icon={<CircleAlert size={18} aria-hidden />}>
          {form.errors['']}
        </Alert>
      )}
      {fields.map((field) => (
        <SchemaControl
          key={field.name}
          field={field}
          draft={form.drafts[field.name] ?? ''}
          error={form.errors[field.name]}
          isKept={kept.includes(field.name)}
          disabled={disabled}
          onChange={(draft) => form.set(field.name, draft)}
          onLeave={() => form.touch(field.name)}
        />
      ))}
    </Stack>
  );
}
