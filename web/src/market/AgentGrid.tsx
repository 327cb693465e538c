import { SimpleGrid, Skeleton } from '@mantine/core';

import { AgentCard } from './AgentCard';
import type { AgentSummary } from './types';

interface Props {
  agents: AgentSummary[] | undefined;
  /** How many cards stand in while there are none. */
  expect?: number;
  order?: 2 | 3;
  columns?: Record<string, number>;
}

const COLUMNS = { base: 1, xs: 2, md: 3 };

/** Cards side by side; while they are on their way, shapes of their size. */
export function AgentGrid({ agents, expect = 6, order, columns = COLUMNS }: Props) {
  return (
    <SimpleGrid cols={columns} spacing="md" aria-busy={!agents}>
      {agents
        ? agents.map((agent) => <AgentCard key={agent.id} agent={agent} order={order} />)
        : Array.from({ length: expect }, (_, index) => <Skeleton key={index} h={184} radius="lg" />)}
    </SimpleGrid>
  );
}
