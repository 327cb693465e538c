import { Alert, Grid, Group, Paper, SimpleGrid, Stack, Text, Timeline, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Banknote, ListChecks, Play, Upload } from 'lucide-react';

import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { formatMoney } from '@/shared/money';
import { formatCount, formatShare, plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { ChartCard } from './analytics/ChartCard';
import { totalsOf } from './analytics/sums';
import { analyticsQuery, developerReviewsQuery, ownAgentsQuery, payoutAccountQuery, payoutsQuery } from './queries';
import { Stat } from './Stat';
import { type Analytics, CURRENCY } from './types';

/** How one's agents are doing, and what asks for one's attention. */
export function StudioOverviewPage() {
  const agents = useQuery(ownAgentsQuery());
  const analytics = useQuery(analyticsQuery({ days: 30 }));
  const payouts = useQuery(payoutsQuery({ page: 1, limit: 20 }));
  const account = useQuery(payoutAccountQuery());
  const totals = analytics.data && totalsOf(analytics.data.days);
  const hasAgents = agents.data && agents.data.agents.length > 0;
  if (agents.data && !hasAgents) return <FirstSteps />;
  return (
    <Page>
      <PageHeader
        title="Studio"
        actions={
          <ButtonLink to="/studio/publish" leftSection={<Upload size={16} aria-hidden />}>
            Publish
          </ButtonLink>
        }
      >
        The last 30 days of your agents.
      </PageHeader>
      {(agents.error ?? analytics.error) ? (
        <ErrorState
          error={agents.error ?? analytics.error}
          onRetry={() => void Promise.all([agents.refetch(), analytics.refetch()])}
        />
      ) : (
        <Stack gap="lg">
          <Attention needsAccount={account.data === null && (payouts.data?.balance?.payable ?? 0) > 0} />
          <SimpleGrid cols={{ base: 2, md: 4 }} spacing="md">
            <Stat label="Runs" value={totals && formatCount(totals.executions)} note="30 days" to="/studio/runs" />
            <Stat label="Revenue" value={totals && formatMoney(totals.revenue, CURRENCY)} note="your share, 30 days" to="/studio/analytics" />
            <Stat
              label="Success rate"
              value={totals && (totals.successRate === null ? '–' : formatShare(totals.successRate))}
              note={totals?.successRate === null ? 'no runs that ended' : '30 days'}
              to="/studio/analytics"
            />
            <Stat
              label="Payable"
              value={payouts.data && formatMoney(payouts.data.balance?.payable ?? 0, CURRENCY)}
              note="paid out on Mondays, from ₹500"
              to="/studio/payouts"
            />
          </SimpleGrid>
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 7 }}>
              <ChartCard title="Runs" drawing="runs" days={analytics.data?.days} says="All runs, by the day they were started (UTC)." />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 5 }}>
              <LatestRuns runs={analytics.data?.recent_executions} />
            </Grid.Col>
          </Grid>
        </Stack>
      )}
    </Page>
  );
}

/** What only the developer can do something about. */
function Attention({ needsAccount }: { needsAccount: boolean }) {
  const agents = useQuery(ownAgentsQuery());
  const reviews = useQuery(developerReviewsQuery({ unanswered: true, limit: 1 }));
  const waiting = agents.data?.agents.filter((agent) => agent.status === 'pending_review') ?? [];
  const unanswered = reviews.data?.unanswered ?? 0;
  return (
    <>
      {needsAccount && (
        <Alert color="yellow" icon={<Banknote size={18} aria-hidden />} title="You have earned money that cannot be paid out yet">
          <AnchorLink to="/studio/payouts" size="sm">
            Set up a payout account
          </AnchorLink>
        </Alert>
      )}
      {waiting.length > 0 && (
        <Alert color="yellow" title={`${plural(waiting.length, 'agent')} in review`}>
          {waiting.slice(0, 3).map((agent, index) => (
            <span key={agent.id}>
              {index > 0 && ', '}
              <AnchorLink to="/studio/agents/$agent" params={{ agent: agent.slug }} size="sm">
                {agent.name}
              </AnchorLink>
            </span>
          ))}
          . A decision is promised within 24 hours.
        </Alert>
      )}
      {unanswered > 0 && (
        <Alert color="blue" title={`${plural(unanswered, 'review')} without a reply`}>
          <AnchorLink to="/studio/reviews" search={{ unanswered: true }} size="sm">
            Read and reply
          </AnchorLink>
        </Alert>
      )}
    </>
  );
}

function LatestRuns({ runs }: { runs: Analytics['recent_executions'] | undefined }) {
  return (
    <Paper p="md" h="100%" component="section" aria-labelledby="latest-title" aria-busy={!runs} mih={{ base: 0, md: 290 }}>
      <Title order={2} size="h4" id="latest-title" mb="sm">
        Latest runs
      </Title>
      {runs?.length === 0 && (
        <Text size="sm" c="dimmed">
          Nobody has run your agents yet. Runs are listed here from the moment they are started.
        </Text>
      )}
      <Stack gap={6}>
        {runs?.slice(0, 8).map((run) => (
          <Group key={run.id} justify="space-between" wrap="nowrap" gap="sm">
            <AnchorLink to="/studio/runs/$run" params={{ run: run.id }} size="sm" truncate>
              {run.agent_name}
            </AnchorLink>
            <Group gap="xs" wrap="nowrap">
              <Text size="xs" c="dimmed" component="span">
                <Time at={run.created_at} />
              </Text>
              <StatusBadge status={run.status} size="sm" />
            </Group>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}

const STEPS = [
  { icon: Upload, title: 'Publish your first agent', says: 'A folder with a manifest and a program in Python or Node.js' },
  { icon: ListChecks, title: 'It is reviewed', says: 'A person looks at it; a decision is promised within 24 hours' },
  { icon: Play, title: 'Users run it', says: 'You see runs, errors and logs, without anything users put in' },
  { icon: Banknote, title: 'You are paid', says: 'Every Monday, by UPI or bank transfer, once it is ₹500 or more' },
];

/** For who has published nothing: the way to earning. */
function FirstSteps() {
  return (
    <Page size="sm">
      <PageHeader title="Welcome to the studio">Publish an agent, and earn 70 % of what users pay for its runs.</PageHeader>
      <Paper p="xl">
        <Timeline bulletSize={28} lineWidth={2}>
          {STEPS.map(({ title, says, icon: Icon }) => (
            <Timeline.Item key={title} title={title} bullet={<Icon size={15} aria-hidden />}>
              <Text size="sm" c="dimmed">
                {says}
              </Text>
            </Timeline.Item>
          ))}
        </Timeline>
        <Group mt="xl">
          <ButtonLink to="/studio/publish" leftSection={<Upload size={16} aria-hidden />}>
            Publish an agent
          </ButtonLink>
          <ButtonLink to="/studio/payouts" variant="default">
            Set up payouts
          </ButtonLink>
        </Group>
      </Paper>
    </Page>
  );
}
