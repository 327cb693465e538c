import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Bot, Star, Upload } from 'lucide-react';

import { freeWords, priceShort } from '@/market/price';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { formatCount } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';

import { ownAgentsQuery } from '../queries';
import type { AgentSummary } from '../types';

const COLUMNS: Column<AgentSummary>[] = [
  {
    key: 'name',
    header: 'Agent',
    render: (agent) => (
      <>
        <AnchorLink to="/studio/agents/$agent" params={{ agent: agent.slug }} fw={550} size="sm">
          {agent.name}
        </AnchorLink>
        <Text size="xs" c="dimmed" ff="monospace">
          {agent.slug}
        </Text>
      </>
    ),
  },
  { key: 'status', header: 'Status', render: (agent) => <StatusBadge status={agent.status} /> },
  { key: 'version', header: 'Version', render: (agent) => <span className="tabular">{agent.current_version}</span> },
  {
    key: 'price',
    header: 'Price',
    render: (agent) => (
      <>
        <Text size="sm">{priceShort(agent)}</Text>
        {freeWords(agent) && (
          <Text size="xs" c="dimmed">
            {freeWords(agent)}
          </Text>
        )}
      </>
    ),
  },
  {
    key: 'runs',
    header: 'Runs',
    align: 'right',
    render: (agent) => <span className="tabular">{formatCount(agent.total_executions)}</span>,
  },
  {
    key: 'rating',
    header: 'Rating',
    align: 'right',
    render: (agent) =>
      agent.review_count === 0 ? (
        <Text size="sm" c="dimmed">
          No reviews
        </Text>
      ) : (
        <Group gap={4} justify="flex-end" wrap="nowrap">
          <Star size={13} fill="currentColor" color="var(--app-star)" aria-hidden />
          <span className="tabular">
            {agent.rating.toFixed(1)} ({formatCount(agent.review_count)})
          </span>
        </Group>
      ),
  },
];

export function StudioAgentsPage() {
  const { data, error, refetch } = useQuery(ownAgentsQuery());
  const publish = (
    <ButtonLink to="/studio/publish" leftSection={<Upload size={16} aria-hidden />}>
      Publish an agent
    </ButtonLink>
  );
  return (
    <Page>
      <PageHeader title="Agents" actions={data && data.agents.length > 0 ? publish : undefined}>
        What you published, and what waits for its review.
      </PageHeader>
      <DataTable
        label="Your agents"
        columns={COLUMNS}
        rows={data?.agents}
        rowKey={(agent) => agent.id}
        error={error}
        onRetry={() => void refetch()}
        minWidth={760}
        skeletonRows={4}
        empty={
          <EmptyState icon={Bot} title="You have no agents yet" action={publish}>
            An agent is a folder with a manifest and a program. Publish one, and you earn 70 % of what users pay for its runs.
          </EmptyState>
        }
      />
    </Page>
  );
}
