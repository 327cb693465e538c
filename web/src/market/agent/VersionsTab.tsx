import { Alert, Badge, Code, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { PackageX } from 'lucide-react';

import { CopyButton } from '@/shared/CopyButton';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { LANGUAGES } from '../explore/labels';
import type { AgentPageData, VersionSummary } from '../types';
import { VersionChanges } from './VersionChanges';

interface Props {
  agent: AgentPageData;
  versions: UseQueryResult<{ versions: VersionSummary[] }>;
}

/** Every version, and what each changed for who runs it. */
export function VersionsTab({ agent, versions }: Props) {
  if (versions.error && !versions.data) return <ErrorState error={versions.error} onRetry={() => void versions.refetch()} />;
  if (!versions.data) return <Skeleton h={220} radius="lg" />;
  const all = versions.data.versions;
  if (all.length === 0) {
    return (
      <EmptyState icon={PackageX} title="No versions">
        Nothing of this agent is published.
      </EmptyState>
    );
  }
  return (
    <Stack gap="md">
      <Title order={2} className="visually-hidden">
        Versions
      </Title>
      {all.map((version, index) => (
        <Paper key={version.id} p="md" component="section" aria-label={`Version ${version.version}`}>
          <Group justify="space-between" gap="sm">
            <Group gap="xs">
              <Title order={3} className="tabular">
                {version.version}
              </Title>
              {version.version === agent.current_version && <Badge>Current</Badge>}
              {version.status !== 'active' && <StatusBadge status={version.status} />}
              {version.review_status !== 'approved' && <StatusBadge status={version.review_status} />}
              <Badge color={version.scan_passed ? 'green' : 'yellow'}>{version.scan_passed ? 'Scan passed' : 'Flagged by the scan'}</Badge>
            </Group>
            <Text size="sm" c="dimmed">
              <Time at={version.created_at} />
            </Text>
          </Group>
          {(version.yank_reason ?? version.deprecation_message) && (
            <Alert mt="sm" color={version.yank_reason ? 'red' : 'orange'}>
              {version.yank_reason ?? version.deprecation_message}
            </Alert>
          )}
          {index < all.length - 1 && <VersionChanges agent={agent.slug} version={version.version} />}
          <Group gap={6} mt="sm">
            <Text size="xs" c="dimmed">
              {LANGUAGES[version.runtime_language] ?? version.runtime_language} {version.runtime_version} · SHA-256 of the code
            </Text>
            <Code fz="xs">{version.code_hash.slice(0, 16)}</Code>
            <CopyButton value={version.code_hash} label={`Copy the SHA-256 of the code of ${version.version}`} />
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
