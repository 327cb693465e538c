import { Textarea } from '@mantine/core';
import { type Ref, useImperativeHandle, useRef } from 'react';

import { lineOf } from './manifest';

export interface ManifestEditorHandle {
  /** Puts the cursor on the line of a JSON path. */
  goTo: (path: string) => void;
}

interface Props {
  text: string;
  onText: (text: string) => void;
  ref?: Ref<ManifestEditorHandle>;
}

/** The manifest's text. */
export function ManifestEditor({ text, onText, ref }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => ({
    goTo: (path) => {
      const line = lineOf(text, path);
      const field = area.current;
      if (!field) return;
      field.focus();
      if (line === undefined) return;
      const lines = text.split('\n');
      const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
      field.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
      field.scrollTop = (line - 4) * (field.scrollHeight / lines.length);
    },
  }));
  return (
    <Textarea
      ref={area}
      label="manifest.json"
      description="What you change here goes into the bundle that is submitted."
      value={text}
      onChange={({ currentTarget: { value } }) => onText(value)}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      minRows={20}
      maxRows={34}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8125rem', whiteSpace: 'pre', overflowX: 'auto' } }}
    />
  );
}
