import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { KeyRound } from 'lucide-react';

import { CopyButton } from '@/shared/CopyButton';

interface Props {
  title: string;
  secret: string;
  /** What it is, for the copy button: "the token". */
  label: string;
  children: React.ReactNode;
  onDone: () => void;
}

/** Something that is shown now and never again. */
export function SecretOnce({ title, secret, label, children, onDone }: Props) {
  return (
    <Alert color="green" icon={<KeyRound size={20} aria-hidden />} title={title} role="status">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{children}</Text>
        <Group gap={6} wrap="nowrap" maw="100%">
          <Code fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {secret}
          </Code>
          <CopyButton value={secret} label={`Copy ${label}`} />
        </Group>
        <Button size="xs" variant="default" onClick={onDone}>
          I have saved it
        </Button>
      </Stack>
    </Alert>
  );
}
