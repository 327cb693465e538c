import { Alert, Breadcrumbs, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { CheckCircle2, CircleAlert, Hourglass, PackageX } from 'lucide-react';

import { sentence } from '@/api/errors';
import { CodeBlock } from '@/shared/CodeBlock';
import { EmptyState } from '@/shared/EmptyState';
import { ErrorState } from '@/shared/ErrorState';
import { AnchorLink } from '@/shared/links';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { StatusBadge } from '@/shared/StatusBadge';
import { Time } from '@/shared/Time';

import type { FindingAcceptance, VersionDetail } from '../contract';
import { ownVersionsQuery, versionQuery } from '../queries';
import { ChangesView } from '../scan/ChangesView';
import { ScanReportView } from '../scan/ScanReportView';
import type { VersionSummary } from '../types';
import { VersionMenu } from './VersionMenu';
import { versionNote, versionState } from './VersionsTable';

const route = getRouteApi('/studio/agents/$agent/versions/$version');

/** One version: how its review goes, what the scan found, what it changes. */
export function StudioVersionPage() {
  const { agent, version: number } = route.useParams();
  const versions = useQuery(ownVersionsQuery(agent));
  const detail = useQuery(versionQuery(agent, number));
  const version = versions.data?.versions.find((row) => row.version === number);
  const failed = versions.error ?? detail.error;
  return (
    <Page>
      <Breadcrumbs mb="xs" fz="sm">
        <AnchorLink to="/studio/agents" size="sm">
          Agents
        </AnchorLink>
        <AnchorLink to="/studio/agents/$agent" params={{ agent }} size="sm">
          {agent}
        </AnchorLink>
      </Breadcrumbs>
      <PageHeader
        title={`Version ${number}`}
        tabTitle={`${agent} ${number}`}
        actions={version && <VersionMenu agent={agent} version={version} isWide />}
      >
        {version && (
          <Group gap="xs" component="span">
            <StatusBadge status={versionState(version)} />
            <span>
              submitted <Time at={version.created_at} />
            </span>
          </Group>
        )}
      </PageHeader>
      {failed ? (
        <ErrorState error={failed} onRetry={() => void Promise.all([versions.refetch(), detail.refetch()])} />
      ) : versions.data && !version ? (
        <EmptyState icon={PackageX} title={`There is no version ${number}`}>
          <AnchorLink to="/studio/agents/$agent" params={{ agent }}>
            All versions of this agent
          </AnchorLink>
        </EmptyState>
      ) : !version || detail.data === undefined ? (
        <Stack aria-busy gap="md">
          <Skeleton h={90} radius="lg" />
          <Skeleton h={240} radius="lg" />
        </Stack>
      ) : (
        <Stack gap="lg">
          <ReviewState version={version} detail={detail.data} />
          <Inside detail={detail.data} />
        </Stack>
      )}
    </Page>
  );
}

function ReviewState({ version, detail }: { version: VersionSummary; detail: VersionDetail }) {
  const note = versionNote(version);
  const inside = detail.inside;
  switch (versionState(version)) {
    case 'pending_review':
      return (
        <Alert color="yellow" icon={<Hourglass size={18} aria-hidden />} title="It waits for its review">
          {inside?.review_due_at ? (
            <>
              A decision is promised by <Time at={inside.review_due_at} as="absolute" />.
            </>
          ) : (
            'A decision is promised within 24 hours of submitting.'
          )}{' '}
          You are told by mail.
        </Alert>
      );
    case 'rejected':
      return (
        <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title="It was rejected">
          {note ? sentence(note) : 'No reason was given.'}{' '}
          <AnchorLink to="/studio/publish" size="sm">
            Submit it again
          </AnchorLink>
        </Alert>
      );
    case 'yanked':
    case 'deprecated':
      return (
        <Alert color="orange" icon={<CircleAlert size={18} aria-hidden />} title={version.status === 'yanked' ? 'It is withdrawn' : 'It is deprecated'}>
          {note ? sentence(note) : 'No reason was given.'}
        </Alert>
      );
    default:
      return (
        <Alert color="green" icon={<CheckCircle2 size={18} aria-hidden />} title="Users can run it">
          {version.review_note ? `The reviewer says: ${sentence(version.review_note)}` : 'It is approved.'}
        </Alert>
      );
  }
}

function Inside({ detail }: { detail: VersionDetail }) {
  // Told to its developer and to administrators; nobody else gets here.
  if (!detail.inside) return null;
  const { code_changes: changes, scan_report: report, frames, acceptances } = detail.inside;
  const accepted = new Map(acceptances.map((acceptance) => [acceptance.fingerprint, acceptance]));
  return (
    <>
      {changes && <ChangesView changes={changes} />}
      {report && (
        <section aria-labelledby="scan-title">
          <Title order={2} id="scan-title" mb="sm">
            Scan
          </Title>
          <ScanReportView report={report} frames={frames} about={(finding) => <Accepted by={accepted.get(finding.fingerprint)} />} />
        </section>
      )}
      <section aria-labelledby="manifest-title">
        <Title order={2} id="manifest-title" mb="sm">
          Manifest
        </Title>
        <CodeBlock code={JSON.stringify(detail.manifest, null, 2)} language="json" label="the manifest" maxHeight={420} />
      </section>
    </>
  );
}

export function Accepted({ by }: { by: FindingAcceptance | undefined }) {
  if (!by) return null;
  return (
    <Text size="sm" c="green">
      A reviewer accepted this <Time at={by.at} />: {sentence(by.reason)}
      {by.carried_from && ` It held already in ${by.carried_from}, and nothing of it changed.`}
    </Text>
  );
}
