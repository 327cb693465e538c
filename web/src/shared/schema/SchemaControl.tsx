import {
  Checkbox, Group, JsonInput, MultiSelect, NumberInput, PasswordInput, Select, Stack, Switch, TagsInput, Textarea, TextInput,
} from '@mantine/core';
import type { ReactNode } from 'react';

import { FileFill } from './FileFill';
import { words } from '../words';
import { controlOf, type Draft } from './draft';
import { type Field, typesOf } from './types';

interface Props {
  field: Field;
  draft: Draft;
  error: ReactNode;
  /** A secret that the server has: it may stay empty. */
  isKept: boolean;
  disabled: boolean;
  onChange: (draft: Draft) => void;
  onLeave: () => void;
}

const FEW_CHOICES = 8;
const TYPES: Record<string, string> = { email: 'email', uri: 'url', url: 'url', date: 'date', time: 'time' };

/** One field's control. */
export function SchemaControl({ field, draft, error, isKept, disabled, onChange, onLeave }: Props) {
  const { schema } = field;
  const common = {
    label: schema.title ?? words(field.name),
    description: schema.description,
    withAsterisk: field.required && !isKept,
    required: false,
    'aria-required': field.required && !isKept,
    error,
    disabled,
    onBlur: onLeave,
    name: field.name,
    autoComplete: 'off',
  };
  const example = typeof schema.examples?.[0] === 'string' ? schema.examples[0] : undefined;
  switch (controlOf(field)) {
    case 'switch':
      return (
        <Switch
          label={common.label}
          description={common.description}
          error={error}
          disabled={disabled}
          name={field.name}
          checked={draft === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          value={draft === '' ? null : String(draft)}
          onChange={(value) => onChange(value ?? '')}
          clearable={!field.required}
          searchable={(schema.enum?.length ?? 0) > FEW_CHOICES}
          placeholder="Choose one"
          data={(schema.enum ?? []).map((choice) => ({ value: JSON.stringify(choice), label: String(choice) }))}
        />
      );
    case 'choices':
      return <Choices {...{ field, draft, disabled, onChange, onLeave }} common={common} />;
    case 'tags':
      return (
        <TagsInput
          {...common}
          value={draft as string[]}
          onChange={onChange}
          placeholder={(draft as string[]).length === 0 ? 'Type and press Enter' : undefined}
          maxTags={schema.maxItems}
          allowDuplicates={!schema.uniqueItems}
          splitChars={['\n', '\t']}
          acceptValueOnBlur
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          value={draft as number | string}
          onChange={(value) => onChange(value)}
          allowDecimal={!typesOf(schema).includes('integer')}
          clampBehavior="none"
          step={schema.multipleOf ?? (typesOf(schema).includes('integer') ? 1 : 0.1)}
          styles={{ wrapper: { maxWidth: 260 } }}
        />
      );
    case 'secret':
      return (
        <PasswordInput
          {...common}
          value={String(draft)}
          onChange={(event) => onChange(event.currentTarget.value)}
          placeholder={isKept ? 'Set. Leave empty to keep it.' : undefined}
          autoComplete="new-password"
        />
      );
    case 'lines':
      return (
        <Stack gap={6}>
          <Textarea
            {...common}
            value={String(draft)}
            onChange={(event) => onChange(event.currentTarget.value)}
            placeholder={example}
            minRows={4}
            maxRows={14}
            spellCheck={false}
          />
          <FileFill label={common.label} disabled={disabled} maxLength={schema.maxLength} onText={onChange} />
        </Stack>
      );
    case 'text':
      return (
        <TextInput
          {...common}
          type={TYPES[schema.format ?? ''] ?? 'text'}
          value={String(draft)}
          onChange={(event) => onChange(event.currentTarget.value)}
          placeholder={example}
        />
      );
    case 'json':
      return (
        <JsonInput
          {...common}
          value={String(draft)}
          onChange={onChange}
          placeholder={typesOf(schema).includes('array') ? '[ ]' : '{ }'}
          autosize
          minRows={3}
          maxRows={14}
          formatOnBlur
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8125rem' } }}
        />
      );
  }
}

interface ChoicesProps {
  field: Field;
  draft: Draft;
  disabled: boolean;
  onChange: (draft: Draft) => void;
  onLeave: () => void;
  common: Record<string, unknown> & { label: string };
}

/** Several of a list: all in sight while they are few. */
function Choices({ field, draft, disabled, onChange, onLeave, common }: ChoicesProps) {
  const choices = (field.schema.items?.enum ?? []).map(String);
  if (choices.length > FEW_CHOICES) {
    return (
      <MultiSelect {...common} disabled={disabled} data={choices} value={draft as string[]} onChange={onChange} onBlur={onLeave} searchable />
    );
  }
  return (
    <Checkbox.Group
      label={common.label}
      description={field.schema.description}
      withAsterisk={field.required}
      error={common.error as ReactNode}
      value={draft as string[]}
      onChange={onChange}
    >
      <Group mt={8} gap="md">
        {choices.map((choice) => (
          <Checkbox key={choice} value={choice} label={choice} disabled={disabled} size="sm" />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
