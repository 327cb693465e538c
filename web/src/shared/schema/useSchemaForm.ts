import { useCallback, useState } from 'react';

import { type FieldError, isApiError, sentence } from '@/api/errors';

import { type Draft, type Drafts, draftsOf, draftsRead, rootOf } from './draft';
import type { Field } from './types';

export interface SchemaForm {
  drafts: Drafts;
  /** By field; `''` for what concerns none. */
  errors: Record<string, string>;
  set: (name: string, draft: Draft) => void;
  /** Says of one field what is wrong with it, when it was left. */
  touch: (name: string) => void;
  /** The values, or `null` after saying at the fields what is wrong. */
  read: () => Record<string, unknown> | null;
  /** Puts the server's field errors to their fields. Returns whether there were any. */
  refuse: (error: unknown) => boolean;
  reset: (given: Record<string, unknown>) => void;
}

interface Options {
  /** What to begin with: a deployment's config, an earlier run's inputs. */
  initial?: Record<string, unknown>;
  /** Secrets that the server has and that may stay empty. */
  kept?: readonly string[];
}

/** The state of a form that a manifest describes. Show it with `SchemaFields`. */
export function useSchemaForm(fields: Field[], { initial, kept = [] }: Options = {}): SchemaForm {
  const [drafts, setDrafts] = useState(() => draftsOf(fields, initial));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const set = useCallback((name: string, draft: Draft) => {
    setDrafts((before) => ({ ...before, [name]: draft }));
    setErrors(({ [name]: _, ...others }) => others);
  }, []);
  const check = () => draftsRead(fields, drafts, kept);
  return {
    drafts,
    errors,
    set,
    touch: (name) => {
      // "Is required" waits for the attempt to send: nobody likes to be told while on the way.
      const own = check().errors.filter((error) => rootOf(error.field) === name && error.message !== 'is required');
      setErrors(({ [name]: _, ...others }) => (own.length > 0 ? { ...others, ...byField(own, fields) } : others));
    },
    read: () => {
      const read = check();
      setErrors(byField(read.errors, fields));
      return read.errors.length > 0 ? null : read.values;
    },
    refuse: (error) => {
      if (!isApiError(error) || error.fields.length === 0) return false;
      setErrors(byField(error.fields, fields));
      return true;
    },
    reset: (given) => {
      setDrafts(draftsOf(fields, given));
      setErrors({});
    },
  };
}

function byField(errors: FieldError[], fields: Field[]): Record<string, string> {
  const known = new Set(fields.map((field) => field.name));
  const said: Record<string, string> = {};
  for (const { field, message } of errors) {
    const root = rootOf(field);
    const at = known.has(root) ? root : '';
    const where = at !== '' && field !== root ? `${field}: ` : '';
    const text = at === '' && field !== '' ? `${field} ${message}` : `${where}${message}`;
    said[at] = said[at] ? `${said[at]} ${sentence(text)}` : sentence(text);
  }
  return said;
}
