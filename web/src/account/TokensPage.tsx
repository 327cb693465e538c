import { Badge, Button, Code, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { queryClient } from '@/api/query';
import type { Schemas } from '@/api/types';
import { confirmAsk } from '@/shared/confirm';
import { type Column, DataTable } from '@/shared/DataTable';
import { EmptyState } from '@/shared/EmptyState';
import { notifyDone, notifyFailed } from '@/shared/notify';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';
import { Time } from '@/shared/Time';

import { tokensQuery } from './queries';
import { SecretOnce } from './SecretOnce';
import { TokenDialog } from './TokenDialog';

type Token = Schemas['PersonalTokenItem'];

export function TokensPage() {
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Schemas['PersonalTokenCreated'] | null>(null);
  const tokens = useQuery(tokensQuery());
  const revoke = useMutation({
    mutationFn: (token: Token) => take(client.DELETE('/me/tokens/{token}', { params: { path: { token: token.id } } })),
    onSuccess: (_, token) => notifyDone(`${token.name} works no more.`),
    onError: (error) => notifyFailed(error, 'The token was not revoked'),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: tokensQuery().queryKey }),
  });
  const ask = async (token: Token) => {
    const sure = await confirmAsk({
      title: `Revoke ${token.name}?`,
      children: 'Programs that use it are refused from now on. This cannot be undone.',
      confirm: 'Revoke the token',
      danger: true,
    });
    if (sure) revoke.mutate(token);
  };
  const make = (
    <Button leftSection={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      New token
    </Button>
  );
  return (
    <Page>
      <PageHeader title="Access tokens" actions={tokens.data?.tokens.length ? make : undefined}>
        For programs of yours: the command line, scripts, continuous integration. Each may do what you let it, and nothing about
        passwords, tokens or spending policies.
      </PageHeader>
      <Stack gap="lg">
        {made && (
          <SecretOnce title={`${made.name} is ready`} secret={made.token} label="the token" onDone={() => setMade(null)}>
            Copy it now. It is not shown again.
          </SecretOnce>
        )}
        <DataTable
          label="Access tokens"
          columns={columns((token) => void ask(token))}
          rows={tokens.data?.tokens}
          rowKey={(token) => token.id}
          error={tokens.error}
          onRetry={() => void tokens.refetch()}
          skeletonRows={3}
          minWidth={720}
          empty={
            <EmptyState icon={KeyRound} title="You have no access tokens" action={make}>
              Make one for each program, so that you can revoke it alone.
            </EmptyState>
          }
        />
      </Stack>
      {isMaking && (
        <TokenDialog
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false);
            setMade(token);
          }}
        />
      )}
    </Page>
  );
}

function columns(onRevoke: (token: Token) => void): Column<Token>[] {
  return [
    {
      key: 'name',
      header: 'Name',
      render: (token) => (
        <>
          <Text size="sm" fw={550}>{token.name}</Text>
          <Code fz="xs">{token.prefix}…</Code>
        </>
      ),
    },
    {
      key: 'scopes',
      header: 'Scopes',
      render: (token) => (
        <Group gap={4}>
          {token.scopes.map((scope) => <Badge key={scope} color="gray" size="sm">{scope}</Badge>)}
        </Group>
      ),
    },
    { key: 'made', header: 'Created', render: (token) => <Time at={token.created_at} as="day" /> },
    { key: 'used', header: 'Last used', render: (token) => (token.last_used_at ? <Time at={token.last_used_at} /> : <Text size="sm" c="dimmed">Never</Text>) },
    { key: 'until', header: 'Expires', render: (token) => (token.expires_at ? <Time at={token.expires_at} as="day" /> : 'Never') },
    {
      key: 'revoke',
      header: <span className="visually-hidden">Actions</span>,
      align: 'right',
      render: (token) => (
        <Button variant="subtle" color="red" size="compact-xs" onClick={() => onRevoke(token)}>
          Revoke<span className="visually-hidden"> {token.name}</span>
        </Button>
      ),
    },
  ];
}
