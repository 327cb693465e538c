import { Alert, Button, Group, List, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CheckCircle2, Hourglass } from 'lucide-react';

import { ButtonLink } from '@/shared/links';
import { ScanReportView } from '../scan/ScanReportView';
import { ownAgentQuery, payoutAccountQuery } from '../queries';
import type { AgentRegistered } from '../types';

/** What came of it, and what happens next. */
export function Submitted({ answer, onAgain }: { answer: AgentRegistered; onAgain: () => void }) {
  const agent = useQuery(ownAgentQuery(answer.agent_id));
  const account = useQuery(payoutAccountQuery());
  const waits = answer.status === 'pending_review';
  const isFree = agent.data?.price_amount === 0;
  return (
    <Stack gap="lg">
      <Paper p="xl">
        <Stack align="center" gap="sm">
          <ThemeIcon size={52} radius="xl" variant="light" color={waits ? 'yellow' : 'green'} aria-hidden>
            {waits ? <Hourglass size={26} /> : <CheckCircle2 size={26} />}
          </ThemeIcon>
          <Title order={2} ta="center">
            {waits ? 'Submitted for review' : 'It is live'}
          </Title>
          <Text ta="center" maw={520}>
            {answer.message}
          </Text>
          <List size="sm" spacing={4} maw={520} mt="xs">
            {waits ? (
              <>
                <List.Item>A reviewer reads the code, what the scan found and the manifest.</List.Item>
                <List.Item>You are told by mail when it is approved or rejected, with the reasons.</List.Item>
                <List.Item>Until then nobody can run this version.</List.Item>
              </>
            ) : (
              <List.Item>New users get this version. Existing deployments stay on theirs until their owners move them.</List.Item>
            )}
            {!isFree && account.data === null && (
              <List.Item>Set up a payout account: without one, what you earn stays here.</List.Item>
            )}
          </List>
          <Group mt="sm" justify="center">
            <ButtonLink to="/studio/agents/$agent" params={{ agent: agent.data?.slug ?? answer.agent_id }}>
              Show the agent
            </ButtonLink>
            {!isFree && account.data === null && (
              <ButtonLink variant="default" to="/studio/payouts">
                Set up payouts
              </ButtonLink>
            )}
            <Button variant="subtle" onClick={onAgain}>
              Publish another
            </Button>
          </Group>
        </Stack>
      </Paper>
      {answer.scan_report && answer.scan_report.findings.length > 0 && (
        <section aria-label="What the reviewer will look at">
          <Alert mb="md">The reviewer will see these findings, too.</Alert>
          <ScanReportView report={answer.scan_report} frames={[]} />
        </section>
      )}
    </Stack>
  );
}
