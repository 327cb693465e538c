import { FileButton, Group, Text, Button } from '@mantine/core';
import { FileUp } from 'lucide-react';
import { useState } from 'react';

import { formatBytes } from '../numbers';

interface Props {
  label: string;
  disabled: boolean;
  maxLength: number | undefined;
  onText: (text: string) => void;
}

const MOST_BYTES = 1_500_000;

/** Fills a text from a file, which is read here and sent with the form. */
export function FileFill({ label, disabled, maxLength, onText }: Props) {
  const [said, setSaid] = useState<string | null>(null);
  const fill = async (file: File | null) => {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      setSaid(`${file.name} has ${formatBytes(file.size)}; ${formatBytes(MOST_BYTES)} is the most that can be sent.`);
      return;
    }
    const text = await file.text();
    if (maxLength !== undefined && [...text].length > maxLength) {
      setSaid(`${file.name} is longer than the ${maxLength} characters this field takes.`);
      return;
    }
    onText(text);
    setSaid(`Filled from ${file.name}, ${formatBytes(file.size)}.`);
  };
  return (
    <Group gap="xs">
      <FileButton onChange={(file) => void fill(file)} disabled={disabled}>
        {(props) => (
          <Button
            {...props}
            variant="subtle"
            size="compact-xs"
            leftSection={<FileUp size={13} aria-hidden />}
            aria-label={`Fill ${label} from a file`}
          >
            From a file
          </Button>
        )}
      </FileButton>
      <Text size="xs" c="dimmed" role="status">
        {said}
      </Text>
    </Group>
  );
}
