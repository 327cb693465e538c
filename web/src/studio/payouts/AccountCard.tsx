import { Alert, Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Landmark, Smartphone } from 'lucide-react';
import { useState } from 'react';

import { ErrorState } from '@/shared/ErrorState';
import { Time } from '@/shared/Time';
import { useNow } from '@/shared/useNow';

import { payoutAccountQuery } from '../queries';
import type { PayoutAccount } from '../types';
import { AccountForm } from './AccountForm';

/** Where one is paid, and changing that. */
export function AccountCard() {
  const { data, error, refetch } = useQuery(payoutAccountQuery());
  const [isEditing, setEditing] = useState(false);
  const open = isEditing || data === null;
  return (
    <Paper p="lg" component="section" aria-labelledby="account-title">
      <Stack gap="md">
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} id="account-title">
              Payout account
            </Title>
            <Text size="sm" c="dimmed">
              {data === null ? 'Nothing can be paid to you before you say where.' : 'Where your payouts go.'}
            </Text>
          </div>
          {data && !isEditing && (
            <Button variant="default" onClick={() => setEditing(true)}>
              Change it
            </Button>
          )}
        </Group>
        {error && !data ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : data === undefined ? (
          <Skeleton h={44} aria-busy />
        ) : open ? (
          <AccountForm onClose={data ? () => setEditing(false) : undefined} onSaved={() => setEditing(false)} />
        ) : (
          data && <Shown account={data} />
        )}
      </Stack>
    </Paper>
  );
}

function Shown({ account }: { account: PayoutAccount }) {
  const now = useNow();
  const isHeld = new Date(account.payable_from).getTime() > now;
  const Icon = account.type === 'upi' ? Smartphone : Landmark;
  return (
    <Stack gap="sm">
      <Group gap="sm" wrap="nowrap">
        <Icon size={22} aria-hidden />
        <div style={{ minWidth: 0 }}>
          <Text fw={550}>{account.name}</Text>
          <Text size="sm" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
            {account.type === 'upi' ? 'UPI' : 'Bank'} {account.account}
          </Text>
        </div>
      </Group>
      {isHeld && (
        <Alert color="yellow" title="New accounts wait">
          Nothing is paid to it before <Time at={account.payable_from} as="absolute" />, so that nobody who steals a session is paid
          before you read the mail about it.
        </Alert>
      )}
    </Stack>
  );
}
