import { Alert, Button, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { Download, KeyRound } from 'lucide-react';

import { CopyButton } from '@/shared/CopyButton';
import { download } from '@/shared/download';

/** Recovery codes, shown once. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const text = `${codes.join('\n')}\n`;
  return (
    <Alert color="green" icon={<KeyRound size={20} aria-hidden />} title="Keep these recovery codes" role="status">
      <Stack gap="sm">
        <Text size="sm">
          Each stands in once for a code of your authenticator, for when your phone is lost. They are not shown again.
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={6} maw={420}>
          {codes.map((code) => (
            <Code key={code} fz="sm">
              {code}
            </Code>
          ))}
        </SimpleGrid>
        <Group gap="xs">
          <Button size="xs" variant="default" leftSection={<Download size={14} aria-hidden />} onClick={() => download('frameos-recovery-codes.txt', text, 'text/plain')}>
            Save as a file
          </Button>
          <CopyButton value={text} label="Copy the codes" />
          <Button size="xs" onClick={onDone}>
            I have saved them
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
