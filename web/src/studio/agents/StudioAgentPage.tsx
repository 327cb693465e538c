import { Alert, Breadcrumbs, Grid, Group, SimpleGrid, Skeleton, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Ban, CircleAlert, ExternalLink, Hourglass, Upload } from 'lucide-react';

import { sentence } from '@/api/errors';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink, ButtonLink } from '@/shared/links';
import { formatCount, formatDuration, formatShare, plural } from '@/shared/numbers';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import { ownAgentQuery, ownVersionsQuery } from '../queries';
import { Stat } from '../Stat';
import type { AgentDetail, VersionSummary } from '../types';
import { ListingCard } from './ListingCard';
import { PriceCard } from './PriceCard';
import { VersionsTable } from './VersionsTable';

const route = getRouteApi('/studio/agents/$agent');

export function StudioAgentPage() {
  const { agent: slug } = route.useParams();
  const agent = useQuery(ownAgentQuery(slug));
  const versions = useQuery(ownVersionsQuery(slug));
  if (agent.error && !agent.data) {
    return (
      <Page>
        <PageHeader title="Agent" />
        <ErrorState error={agent.error} onRetry={() => void agent.refetch()} />
      </Page>
    );
  }
  const { data } = agent;
  return (
    <Page>
      <Breadcrumbs mb="xs" fz="sm">
        <AnchorLink to="/studio/agents" size="sm">
          Agents
        </AnchorLink>
      </Breadcrumbs>
      <PageHeader
        title={data?.name ?? slug}
        actions={
          <>
            {data && data.status !== 'pending_review' && data.status !== 'banned' && (
              <ButtonLink
                variant="default"
                to="/a/$slug"
                params={{ slug: data.slug }}
                leftSection={<ExternalLink size={16} aria-hidden />}
              >
                Its page
              </ButtonLink>
            )}
            {data?.status !== 'banned' && (
              <ButtonLink
                to="/studio/publish"
                search={{ agent: slug }}
                leftSection={<Upload size={16} aria-hidden />}
              >
                New version
              </ButtonLink>
            )}
          </>
        }
      >
        {data ? (
          <Group gap="xs" component="span">
            <StatusBadge status={data.status} />
            <span>{data.slug}</span>
            <span>
              changed <Time at={data.updated_at} />
            </span>
          </Group>
        ) : (
          <Skeleton component="span" display="block" h={20} w={260} />
        )}
      </PageHeader>
      <Stack gap="xl">
        <Notices agent={data} versions={versions.data?.versions} />
        <Figures agent={data} />
        <section aria-labelledby="versions-title">
          <Title order={2} id="versions-title" mb="sm">
            Versions
          </Title>
          <VersionsTable agent={slug} versions={versions.data?.versions} error={versions.error} onRetry={() => void versions.refetch()} />
        </section>
        {data && (
          <Grid gap="lg">
            <Grid.Col span={{ base: 12, md: 6 }}>
              <PriceCard key={data.updated_at} agent={data} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              <ListingCard agent={data} />
            </Grid.Col>
          </Grid>
        )}
      </Stack>
    </Page>
  );
}

function Figures({ agent }: { agent: AgentDetail | undefined }) {
  const has = agent && agent.total_executions > 0;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md">
      <Stat label="Runs" value={agent && formatCount(agent.total_executions)} note="in all" />
      <Stat label="Success rate" value={agent && (has ? formatShare(agent.success_rate) : '–')} note={has ? 'of all runs' : 'no runs yet'} />
      <Stat label="Duration" value={agent && (has ? formatDuration(agent.avg_duration_ms) : '–')} note={has ? 'on average' : 'no runs yet'} />
      <Stat
        label="Rating"
        value={agent && (agent.review_count > 0 ? agent.rating.toFixed(1) : '–')}
        note={agent && (agent.review_count > 0 ? plural(agent.review_count, 'review') : 'no reviews yet')}
      />
    </SimpleGrid>
  );
}

/** What stands in the way of users. */
function Notices({ agent, versions }: { agent: AgentDetail | undefined; versions: VersionSummary[] | undefined }) {
  const newest = versions?.[0];
  return (
    <>
      {agent?.status === 'banned' && (
        <Alert color="red" icon={<Ban size={18} aria-hidden />} title="This agent is banned">
          It is not listed, and no run of it begins. The reason was sent to you by mail.
        </Alert>
      )}
      {newest?.review_status === 'pending_review' && (
        <Alert color="yellow" icon={<Hourglass size={18} aria-hidden />} title={`Version ${newest.version} is in review`}>
          Submitted <Time at={newest.created_at} />. A decision is promised within 24 hours; you are told by mail.
        </Alert>
      )}
      {newest?.review_status === 'rejected' && (
        <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={`Version ${newest.version} was rejected`}>
          {newest.review_note ? sentence(newest.review_note) : 'No reason was given.'} Change it and submit it again, under a
          number of its own.
        </Alert>
      )}
    </>
  );
}
