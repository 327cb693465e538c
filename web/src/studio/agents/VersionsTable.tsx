import { Group, Text } from '@mantine/core';
import { Package } from 'lucide-react';

import { sentence } from '@/api/errors';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink } from '@/shared/links';
import { StatusBadge } from '@/shared/StatusBadge';
import { words } from '@/shared/words';
import { Time } from '@/shared/Time';

import type { VersionSummary } from '../types';
import { VersionMenu } from './VersionMenu';

interface Props {
  agent: string;
  versions: VersionSummary[] | undefined;
  error: unknown;
  onRetry: () => void;
}

/** Its state in one word: withdrawn before rejected before in review before advised against. */
export function versionState(version: VersionSummary): string {
  if (version.status === 'yanked') return 'yanked';
  if (version.review_status !== 'approved') return version.review_status;
  return version.status === 'deprecated' ? 'deprecated' : 'approved';
}

/** What was said about it. */
export function versionNote(version: VersionSummary): string | undefined {
  const said = { yanked: version.yank_reason, rejected: version.review_note, deprecated: version.deprecation_message };
  return said[versionState(version) as keyof typeof said] ?? undefined;
}

export function VersionsTable({ agent, versions, error, onRetry }: Props) {
  const columns: Column<VersionSummary>[] = [
    {
      key: 'version',
      header: 'Version',
      render: (row) => (
        <AnchorLink
          to="/studio/agents/$agent/versions/$version"
          params={{ agent, version: row.version }}
          fw={550}
          size="sm"
          className="tabular"
        >
          {row.version}
        </AnchorLink>
      ),
    },
    {
      key: 'state',
      header: 'Status',
      render: (row) => {
        const note = versionNote(row);
        return (
          <>
            <StatusBadge status={versionState(row)} />
            {note && (
              <Text size="xs" c="dimmed" maw={360} mt={4}>
                {sentence(note)}
              </Text>
            )}
          </>
        );
      },
    },
    { key: 'runtime', header: 'Runtime', render: (row) => `${row.runtime_language === 'nodejs' ? 'Node.js' : words(row.runtime_language)} ${row.runtime_version}` },
    { key: 'created', header: 'Submitted', render: (row) => <Time at={row.created_at} /> },
    {
      key: 'menu',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      width: 60,
      render: (row) => (
        <Group justify="flex-end">
          <VersionMenu agent={agent} version={row} />
        </Group>
      ),
    },
  ];
  return (
    <DataTable
      label="Versions"
      columns={columns}
      rows={versions}
      rowKey={(row) => row.id}
      error={error}
      onRetry={onRetry}
      skeletonRows={2}
      minWidth={620}
      empty={<EmptyState icon={Package} title="No versions" />}
    />
  );
}
