import { Badge, Group, Stack, Text, UnstyledButton } from '@mantine/core';

import { formatBytes } from '@/shared/numbers';
import type { Finding } from '@/studio/types';

import type { VersionForReview } from '../types';
import classes from './Workbench.module.css';

interface Props {
  version: VersionForReview;
  findings: Finding[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
}

/** The bundle's files: what is new or changed first. */
export function FileList({ version, findings, chosen, onChoose }: Props) {
  const { added = [], changed = [], removed = [] } = version.changes?.files ?? {};
  const rank = (path: string) => (changed.includes(path) || added.includes(path) ? 0 : 1);
  const files = [...version.files].sort((a, b) => rank(a.path) - rank(b.path));
  return (
    <Stack gap={2}>
      {files.map(({ path, bytes }) => {
        const count = findings.filter((finding) => finding.file === path).length;
        return (
          <UnstyledButton key={path} className={classes.entry} aria-current={path === chosen} onClick={() => onChoose(path)}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <Text size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                {path}
              </Text>
              <Group gap={4} wrap="nowrap">
                {count > 0 && <Badge color="yellow">{count}</Badge>}
                {changed.includes(path) && <Badge color="blue">changed</Badge>}
                {added.includes(path) && <Badge color="green">new</Badge>}
                <Text size="xs" c="dimmed" className="tabular">
                  {formatBytes(bytes)}
                </Text>
              </Group>
            </Group>
          </UnstyledButton>
        );
      })}
      {removed.length > 0 && (
        <Text size="xs" c="dimmed" px={12} pt="xs">
          Removed: {removed.join(', ')}
        </Text>
      )}
    </Stack>
  );
}
