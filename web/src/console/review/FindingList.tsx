import { Badge, Button, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CheckCircle2, ShieldCheck } from 'lucide-react';
import { useEffect, useRef } from 'react';

import { client, take } from '@/api/client';
import { codeSentence, sentence } from '@/api/errors';
import { EmptyState } from '@/shared/EmptyState';
import { notifyFailed } from '@/shared/notify';
import type { Finding } from '@/studio/types';
import { ACTION, placeOf } from '@/studio/scan/words';

import type { VersionForReview } from '../types';
import classes from './Workbench.module.css';

interface Props {
  findings: Finding[];
  accepted: Map<string, VersionForReview['acceptances'][number]>;
  chosen: number;
  version: string;
  isOpen: boolean;
  onChoose: (index: number) => void;
  onAccept: () => void;
}

/** The findings, one of them open. */
export function FindingList({ findings, accepted, chosen, version, isOpen, onChoose, onAccept }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  if (findings.length === 0) {
    return (
      <EmptyState icon={ShieldCheck} title="The scan found nothing" order={3}>
        Read the files all the same: a scan knows what it looks for only.
      </EmptyState>
    );
  }
  return (
    <Stack gap={4} ref={list}>
      {findings.map((finding, index) => {
        const { color, label } = ACTION[finding.action];
        const acceptance = accepted.get(finding.fingerprint);
        return (
          <div key={`${finding.fingerprint}-${index}`}>
            <UnstyledButton className={classes.entry} aria-current={index === chosen} onClick={() => onChoose(index)}>
              <Group justify="space-between" gap="xs" wrap="nowrap">
                <Text size="sm" fw={550}>
                  {finding.title || finding.rule}
                </Text>
                {acceptance ? (
                  <Badge color="green" leftSection={<CheckCircle2 size={11} aria-hidden />}>
                    Accepted
                  </Badge>
                ) : (
                  <Badge color={color}>{label}</Badge>
                )}
              </Group>
              <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                {placeOf(finding)}
              </Text>
            </UnstyledButton>
            {index === chosen && (
              <Stack gap={6} px={12} pb="sm" pt={4}>
                <Text size="sm">{codeSentence(finding.message)}</Text>
                {finding.why && (
                  <Text size="sm" c="dimmed">
                    {sentence(finding.why)}
                  </Text>
                )}
                {finding.trace?.map((step) => (
                  <Text key={`${step.file}:${step.line}:${step.column}`} size="xs">
                    <Text span ff="monospace" c="dimmed" size="xs">
                      {placeOf(step)}
                    </Text>{' '}
                    {step.message}
                  </Text>
                ))}
                {acceptance ? (
                  <AcceptedNote version={version} fingerprint={finding.fingerprint} acceptance={acceptance} isOpen={isOpen} />
                ) : (
                  isOpen &&
                  finding.action === 'flag' && (
                    <Button size="xs" variant="light" style={{ alignSelf: 'flex-start' }} onClick={onAccept}>
                      Accept it…
                    </Button>
                  )
                )}
              </Stack>
            )}
          </div>
        );
      })}
    </Stack>
  );
}

interface NoteProps {
  version: string;
  fingerprint: string;
  acceptance: VersionForReview['acceptances'][number];
  isOpen: boolean;
}

function AcceptedNote({ version, fingerprint, acceptance, isOpen }: NoteProps) {
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () =>
      take(
        client.POST('/admin/versions/{version}/findings/{finding}/withdraw', {
          params: { path: { version, finding: fingerprint } },
          body: {},
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['console', 'review', version] }),
    onError: (error) => notifyFailed(error),
  });
  return (
    <>
      <Text size="sm" c="green">
        {sentence(acceptance.reason)}
        {acceptance.carried_from && ` Accepted for ${acceptance.carried_from}, and unchanged since.`}
      </Text>
      {isOpen && (
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          style={{ alignSelf: 'flex-start' }}
          loading={withdraw.isPending}
          onClick={() => withdraw.mutate()}
        >
          Take it back
        </Button>
      )}
    </>
  );
}
