import { ActionIcon, CopyButton as MantineCopy, Tooltip } from '@mantine/core';
import { Check, Copy } from 'lucide-react';

/** Puts `value` on the clipboard. `label` says what it is: "Copy the id". */
export function CopyButton({ value, label = 'Copy' }: { value: string; label?: string }) {
  return (
    <MantineCopy value={value} timeout={1600}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label}>
          <ActionIcon variant="subtle" color={copied ? 'green' : 'gray'} size="sm" aria-label={label} onClick={copy}>
            {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </MantineCopy>
  );
}
