import { Skeleton, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { isApiError } from '@/api/errors';
import { NotFound } from '@/app/NotFound';
import { ErrorState } from '@/shared/ErrorState';
import { formatCount } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { usePageTitle } from '@/shared/usePageTitle';

import { agentQuery, reviewsQuery, versionsQuery } from '../queries';
import type { AgentPageData } from '../types';
import { AgentHeader } from './AgentHeader';
import classes from './AgentPage.module.css';
import { AgentSide } from './AgentSide';
import { Overview } from './Overview';
import { ReviewsTab } from './ReviewsTab';
import type { AgentTab } from './search';
import { TryTab } from './TryTab';
import { VersionsTab } from './VersionsTab';

const route = getRouteApi('/a/$slug');

/** An agent's page: what it does, costs and is worth, and running it. */
export function AgentPage() {
  const { slug } = route.useParams();
  const agent = useQuery(agentQuery(slug));
  usePageTitle(agent.data?.name ?? 'Agent');
  if (isApiError(agent.error, 'NOT_FOUND')) return <NotFound />;
  if (agent.error && !agent.data) {
    return (
      <Page>
        <h1 className="visually-hidden">Agent</h1>
        <ErrorState error={agent.error} onRetry={() => void agent.refetch()} />
      </Page>
    );
  }
  return agent.data ? <Loaded agent={agent.data} key={agent.data.id} /> : <Shape />;
}

function Loaded({ agent }: { agent: AgentPageData }) {
  const { tab = 'overview' } = route.useSearch();
  const navigate = useNavigate({ from: '/a/$slug' });
  const show = (next: AgentTab) =>
    void navigate({ search: next === 'overview' ? {} : { tab: next }, resetScroll: false, replace: true });
  const versions = useQuery(versionsQuery(agent.slug));
  const reviews = useQuery(reviewsQuery(agent.slug, { sort: 'newest', limit: 1 }));
  return (
    <div className={classes.page}>
      <AgentHeader agent={agent} versions={versions.data?.versions} onReviews={() => show('reviews')} />
      <div className={classes.layout}>
        <Tabs value={tab} onChange={(next) => show((next ?? 'overview') as AgentTab)} className={classes.main}>
          <Tabs.List mb="lg" className={classes.tabs}>
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            <Tabs.Tab value="try">Try it</Tabs.Tab>
            <Tabs.Tab value="reviews">
              Reviews{reviews.data && reviews.data.review_count > 0 ? ` (${formatCount(reviews.data.review_count)})` : ''}
            </Tabs.Tab>
            <Tabs.Tab value="versions">Versions</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="overview">
            <Overview agent={agent} />
          </Tabs.Panel>
          <Tabs.Panel value="try">
            <TryTab agent={agent} />
          </Tabs.Panel>
          <Tabs.Panel value="reviews">
            <ReviewsTab agent={agent} onTry={() => show('try')} />
          </Tabs.Panel>
          <Tabs.Panel value="versions">
            <VersionsTab agent={agent} versions={versions} />
          </Tabs.Panel>
        </Tabs>
        <AgentSide agent={agent} isTrying={tab === 'try'} onTry={() => show('try')} />
      </div>
    </div>
  );
}

/** The page's shape while it is on its way. */
function Shape() {
  return (
    <div className={classes.page} aria-busy="true">
      <h1 className="visually-hidden">Agent</h1>
      <div className={classes.head}>
        <Skeleton h={64} w={64} radius="lg" />
        <div>
          <Skeleton h={32} w={260} mb={10} />
          <Skeleton h={18} w={340} maw="100%" />
        </div>
      </div>
      <div className={classes.layout}>
        <Skeleton h={520} radius="lg" />
        <Skeleton h={260} radius="lg" />
      </div>
    </div>
  );
}
