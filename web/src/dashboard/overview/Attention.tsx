import { Alert, Group, List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { BellRing } from 'lucide-react';
import type { ReactNode } from 'react';

import { subscriptionsQuery, walletQuery } from '@/market/queries';
import { meQuery } from '@/session/me';
import { AnchorLink } from '@/shared/links';
import { useNow } from '@/shared/useNow';

import { deploymentsQuery, policyQuery, webhooksQuery } from '../queries';

interface Matter {
  key: string;
  text: ReactNode;
  to: string;
  act: string;
}

/** What somebody should look at. Nothing is shown while there is nothing. */
export function Attention() {
  const matters = useMatters();
  if (matters.length === 0) return null;
  return (
    <Alert color="yellow" icon={<BellRing size={18} aria-hidden />} title={matters.length === 1 ? 'One thing needs you' : `${matters.length} things need you`}>
      <List size="sm" spacing={6} listStyleType="none">
        {matters.map(({ key, text, to, act }) => (
          <List.Item key={key}>
            <Group gap={8}>
              <Text size="sm">{text}</Text>
              <AnchorLink to={to} size="sm" underline="always" c="inherit">
                {act}
              </AnchorLink>
            </Group>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function useMatters(): Matter[] {
  const me = useQuery(meQuery()).data;
  const wallet = useQuery(walletQuery()).data;
  const subscriptions = useQuery(subscriptionsQuery()).data?.subscriptions ?? [];
  const deployments = useQuery(deploymentsQuery({ limit: 100 })).data?.deployments ?? [];
  const policy = useQuery(policyQuery()).data;
  const webhooks = useQuery(webhooksQuery()).data?.webhooks ?? [];
  const now = useNow();
  const matters: Matter[] = [];
  const add = (key: string, text: ReactNode, to: string, act: string) => matters.push({ key, text, to, act });
  if (me && !me.verified_email) add('email', 'Your e-mail address is not verified.', '/verify-email', 'Verify it');
  if (wallet && wallet.available <= 0) add('wallet', 'Your wallet is empty: agents that cost something do not run.', '/dashboard/wallet', 'Add money');
  if (policy?.paused) add('paused', 'Your spending policy stops all spending.', '/dashboard/policy', 'Look at it');
  else if (policy?.expires_at && Date.parse(policy.expires_at) < now) add('ended', 'Your spending policy has ended: nothing is bought.', '/dashboard/policy', 'Set a new end');
  for (const { id, agent_name } of subscriptions.filter(({ status }) => status === 'past_due')) {
    add(id, `The subscription to ${agent_name} is not paid for.`, '/dashboard/subscriptions', 'Pay it');
  }
  for (const { id, agent_name, version, version_status } of deployments.filter(({ version_status }) => version_status !== 'active')) {
    const text = version_status === 'yanked' ? `${agent_name} ${version} was withdrawn and does not run any more.` : `${agent_name} ${version} is deprecated.`;
    add(id, text, '/dashboard/deployments', 'Upgrade');
  }
  for (const { id, url } of webhooks.filter(({ failing_since, disabled_reason }) => failing_since !== null || (disabled_reason !== null && disabled_reason !== 'owner'))) {
    add(id, `The webhook ${url} is failing.`, '/dashboard/webhooks', 'Look at it');
  }
  return matters;
}
