import { Button, Drawer, Pagination, Text, Title, useMatches } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { SearchX } from 'lucide-react';

import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { plural } from '@/shared/numbers';
import { usePageTitle } from '@/shared/usePageTitle';

import { AgentGrid } from '../AgentGrid';
import { categoryLabel } from '../categories';
import { EXPLORE_LIMIT as LIMIT, exploreQuery } from '../queries';
import { ActiveFilters } from './ActiveFilters';
import classes from './ExplorePage.module.css';
import { Filters } from './Filters';
import { Toolbar } from './Toolbar';
import { useExplore } from './useExplore';

/** All agents, narrowed down: the whole state is in the address. */
export function ExplorePage() {
  const { search, set, clear, filters } = useExplore();
  const list = useQuery({
    ...exploreQuery(search),
    placeholderData: keepPreviousData,
  });
  const [isOpen, drawer] = useDisclosure(false);
  const siblings = useMatches({ base: 0, sm: 1 });
  const title = search.category ? categoryLabel(search.category) : 'Explore agents';
  usePageTitle(search.search ? `${search.search} · Agents` : title);
  const facets = <Filters facets={list.data?.facets ?? undefined} search={search} onChange={set} />;
  const total = list.data?.total;

  return (
    <div className={classes.layout}>
      <aside aria-label="Filters" className={classes.side}>
        {facets}
      </aside>
      <div className={classes.main}>
        <Title order={1} mb="md">
          {title}
        </Title>
        <Toolbar search={search} onChange={set} onFilters={drawer.open} filters={filters.length} />
        <div className={classes.state}>
          <Text size="sm" c="dimmed" role="status" className="tabular">
            {total === undefined ? ' ' : plural(total, 'agent')}
          </Text>
          <ActiveFilters filters={filters} onChange={set} onClear={clear} />
        </div>
        {list.error && !list.data ? (
          <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        ) : total === 0 ? (
          <EmptyState
            icon={SearchX}
            title="No agent fits"
            action={
              <Button variant="default" onClick={clear}>
                Show all agents
              </Button>
            }
          >
            Try other words or fewer filters. One wrong letter in a word does no harm.
          </EmptyState>
        ) : (
          <div className={list.isPlaceholderData ? classes.stale : undefined} aria-busy={list.isPlaceholderData || undefined}>
            <AgentGrid agents={list.data?.agents} expect={12} order={2} columns={{ base: 1, xs: 2, lg: 3 }} />
            {total !== undefined && total > LIMIT && (
              <Pagination
                mt="xl"
                siblings={siblings}
                total={Math.ceil(total / LIMIT)}
                value={search.page ?? 1}
                onChange={(page) => {
                  set({ page: page > 1 ? page : undefined }, { keepPage: true });
                  window.scrollTo({ top: 0 });
                }}
                getControlProps={(control) => ({ 'aria-label': `${control} page` })}
                getItemProps={(page) => ({ 'aria-label': `Page ${page}` })}
              />
            )}
          </div>
        )}
      </div>
      <Drawer opened={isOpen} onClose={drawer.close} title="Filters" position="bottom" size="85%" hiddenFrom="md">
        {facets}
        <Button fullWidth mt="lg" onClick={drawer.close}>
          {total === undefined ? 'Show agents' : `Show ${plural(total, 'agent')}`}
        </Button>
      </Drawer>
    </div>
  );
}
