import { Button, Group, List, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Download } from 'lucide-react';
import { useState } from 'react';

import { client, refusal, take } from '@/api/client';
import type { Schemas } from '@/api/types';
import { sessionFetch } from '@/session/fetch';
import { signOut } from '@/session/signOut';
import { download } from '@/shared/download';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { Panel } from '@/shared/Panel';

import { ProofDialog } from './ProofDialog';

/** Taking one's data along, and leaving. */
export function DataPanel({ me }: { me: Schemas['Me'] }) {
  const [isLeaving, setLeaving] = useState(false);
  const navigate = useNavigate();
  const save = useMutation({
    mutationFn: exportAll,
    onError: (error) => notifyFailed(error, 'The export was not made'),
  });
  return (
    <Panel title="Your data" description="Everything of your account as one JSON document, without secrets.">
      <Group gap="xs">
        <Button variant="default" leftSection={<Download size={15} aria-hidden />} loading={save.isPending} onClick={() => save.mutate()}>
          Export
        </Button>
        {me.role !== 'admin' && (
          <Button variant="subtle" color="red" onClick={() => setLeaving(true)}>
            Delete the account
          </Button>
        )}
      </Group>
      {isLeaving && (
        <ProofDialog
          title="Delete the account"
          text={
            <>
              <Text size="sm">This cannot be undone. Your name, address, sign-in, tokens, webhooks and configurations are erased.</Text>
              <List size="sm" mt="xs">
                <List.Item>Ledger, receipts and runs stay under an id that names nobody.</List.Item>
                <List.Item>It is refused while there is money in the wallet, or runs, subscriptions or agents go on.</List.Item>
              </List>
            </>
          }
          confirm="Delete for ever"
          typed="delete my account"
          hasFactor={me.two_factor}
          danger
          onClose={() => setLeaving(false)}
          act={async (proof) => {
            await take(client.DELETE('/me', { body: proof }));
            await signOut();
            notifyDone('Your account is deleted.');
            void navigate({ to: '/' });
          }}
        />
      )}
    </Panel>
  );
}

async function exportAll(): Promise<void> {
  const answer = await sessionFetch(`${window.location.origin}/me/export`, { headers: { accept: 'application/json' } });
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    if (answer.ok) throw new Error('the export broke off; try again');
  }
  if (!answer.ok) throw refusal(answer, body);
  download('frameos-export.json', text);
}
