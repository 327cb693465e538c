import { Alert, Button, Group, Paper, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ScanSearch } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { plural } from '@/shared/numbers';
import { StatusBadge } from '@/shared/StatusBadge';

import type { Rescanned } from '../types';

/** What today's scanner says of all that is stored. Changes nothing. */
export function RescanCard() {
  const [soFar, setSoFar] = useState<Rescanned | null>(null);
  const scan = useMutation({
    mutationFn: async () => {
      let all: Rescanned | null = null;
      let after: string | undefined;
      do {
        const part: Rescanned = await take(client.POST('/admin/rescan', { body: after === undefined ? {} : { after } }));
        all = all === null ? part : joined(all, part);
        setSoFar(all);
        after = part.next ?? undefined;
      } while (after !== undefined);
    },
    onMutate: () => setSoFar(null),
  });
  return (
    <Paper p="lg" mt="xl" component="section" aria-labelledby="rescan-title">
      <Group justify="space-between" align="flex-start">
        <div style={{ flex: '1 1 300px' }}>
          <Title order={2} size="h3" id="rescan-title">
            Scan stored versions again
          </Title>
          <Text size="sm" c="dimmed">
            Tells which versions today&rsquo;s scanner judges otherwise than the one that scanned them. Nothing is changed by it.
          </Text>
        </div>
        <Button variant="default" leftSection={<ScanSearch size={16} aria-hidden />} loading={scan.isPending} onClick={() => scan.mutate()}>
          Scan again
        </Button>
      </Group>
      <div aria-live="polite">
        {soFar && (
          <Text size="sm" mt="md">
            {plural(soFar.scanned, 'version')} scanned by {soFar.scanner_version}
            {scan.isPending ? '…' : '.'}
            {soFar.unreadable.length > 0 && ` The code of ${plural(soFar.unreadable.length, 'version')} could not be read.`}
          </Text>
        )}
      </div>
      {scan.error && <ErrorState error={scan.error} />}
      {soFar && !scan.isPending && soFar.changed.length === 0 && (
        <Alert color="green" mt="sm">
          All verdicts stand.
        </Alert>
      )}
      {soFar && soFar.changed.length > 0 && (
        <DataTable
          label="Verdicts that changed"
          rows={soFar.changed}
          rowKey={(row) => row.version_id}
          empty={<EmptyState icon={ScanSearch} title="None" />}
          columns={[
            { key: 'version', header: 'Version', render: (row) => `${row.agent_id} ${row.version}` },
            { key: 'review', header: 'Review', render: (row) => <StatusBadge status={row.review_status} /> },
            { key: 'before', header: 'Before', render: (row) => <StatusBadge status={row.before} /> },
            { key: 'now', header: 'Now', render: (row) => <StatusBadge status={row.now} /> },
            { key: 'rules', header: 'Rules', render: (row) => row.rules.join(', ') },
          ]}
        />
      )}
    </Paper>
  );
}

function joined(all: Rescanned, part: Rescanned): Rescanned {
  return {
    ...part,
    scanned: all.scanned + part.scanned,
    changed: [...all.changed, ...part.changed],
    unreadable: [...all.unreadable, ...part.unreadable],
  };
}
