import { Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { History } from 'lucide-react';

import type { ExecutionList } from '@/runs/types';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

export function RunRows({ list }: { list: UseQueryResult<ExecutionList> }) {
  if (list.error && !list.data) return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data?.executions.length === 0) {
    return <EmptyState order={3} icon={History} title="No runs yet">Try an agent, and it will be here.</EmptyState>;
  }
  return (
    <Stack gap={10} aria-busy={!list.data}>
      {!list.data && [1, 2, 3, 4, 5].map((at) => <Skeleton key={at} h={24} />)}
      {list.data?.executions.map((run) => (
        <Group key={run.id} justify="space-between" wrap="nowrap" gap="sm">
          <AnchorLink to="/runs/$id" params={{ id: run.id }} size="sm" fw={550} truncate>
            {run.agent_name}
          </AnchorLink>
          <Group gap="xs" wrap="nowrap">
            <Text size="xs" c="dimmed">
              <Time at={run.created_at} />
            </Text>
            <StatusBadge status={run.status} size="sm" />
          </Group>
        </Group>
      ))}
    </Stack>
  );
}
