import { Group, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { usePageTitle } from '@/shared/usePageTitle';

import { AgentGrid } from '../AgentGrid';
import { agentsQuery, popularQuery, SHELF } from '../queries';
import type { AgentSummary } from '../types';
import { Hero } from './Hero';
import classes from './HomePage.module.css';
import { Promises } from './Promises';

/** The front of the marketplace. */
export function HomePage() {
  usePageTitle(undefined);
  const popular = useQuery(popularQuery());
  const isSmall = popular.data !== undefined && popular.data.total <= SHELF;
  return (
    <>
      <Hero total={popular.data?.total} />
      <div className={classes.body}>
        {popular.error && !popular.data ? (
          <ErrorState error={popular.error} onRetry={() => void popular.refetch()} />
        ) : (
          <Shelf title={isSmall ? 'Agents' : 'Popular'} sort="popularity" agents={popular.data?.agents} />
        )}
        {popular.data && !isSmall && <MoreShelves />}
        <Promises />
      </div>
    </>
  );
}

/** What more there is to show once there are more agents than fit on one shelf. */
function MoreShelves() {
  const newest = useQuery(agentsQuery({ sort: 'newest', limit: SHELF }));
  const rated = useQuery(agentsQuery({ sort: 'rating', limit: SHELF }));
  const best = rated.data?.agents.filter((agent) => agent.review_count > 0);
  return (
    <>
      {(best === undefined || best.length > 0) && <Shelf title="Best rated" sort="rating" agents={best} />}
      <Shelf title="New" sort="newest" agents={newest.data?.agents} />
    </>
  );
}

interface ShelfProps {
  title: string;
  sort: 'popularity' | 'newest' | 'rating';
  agents: AgentSummary[] | undefined;
  children?: ReactNode;
}

function Shelf({ title, sort, agents }: ShelfProps) {
  return (
    <section aria-label={title}>
      <Group justify="space-between" align="baseline" mb="sm">
        <Title order={2}>{title}</Title>
        <AnchorLink to="/explore" search={{ sort }} size="sm" aria-label={`See all agents, ${title.toLowerCase()} first`}>
          See all
        </AnchorLink>
      </Group>
      <AgentGrid agents={agents} expect={SHELF} />
    </section>
  );
}
