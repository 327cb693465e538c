import { Button, Divider, List, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';

import { useSession } from '@/session/store';

import { freeWords, priceLines, priceSentences, priceShort } from '../price';
import { subscriptionsQuery } from '../queries';
import { subscriptionOf } from '../subscription';
import type { AgentPageData } from '../types';
import classes from './AgentSide.module.css';
import { Facts } from './Facts';
import { Permissions } from './Permissions';
import { SubscribeBox } from './SubscribeBox';

interface Props {
  agent: AgentPageData;
  isTrying: boolean;
  onTry: () => void;
}

/** Beside the page: the price, how it does, and what it may do. */
export function AgentSide({ agent, isTrying, onTry }: Props) {
  const session = useSession();
  const lines = priceLines(agent.pricing);
  const free = freeWords(agent);
  const mayRun = !session || session.role === 'user';
  const isPaidMonthly = agent.pricing.model === 'subscription' && agent.price_amount > 0;
  const subscriptions = useQuery({ ...subscriptionsQuery(), enabled: isPaidMonthly && session?.role === 'user' });
  // Without the subscription a run is refused, so that is what comes first.
  const isOffer = isPaidMonthly && !subscriptionOf(agent, subscriptions.data?.subscriptions);
  return (
    <aside className={classes.side} aria-label="Price and facts">
      <Paper p="lg" className={classes.first}>
        <Stack gap="md">
          <div>
            <Text className={classes.price}>{priceShort(agent)}</Text>
            {free && (
              <Text size="sm" className={classes.free}>
                {free}
              </Text>
            )}
          </div>
          {isPaidMonthly && mayRun && <SubscribeBox agent={agent} />}
          {!isTrying && mayRun && (
            <Button size="md" fullWidth variant={isOffer ? 'default' : undefined} leftSection={<Play size={16} aria-hidden />} onClick={onTry}>
              Try it
            </Button>
          )}
          {!mayRun && (
            <Text size="sm" c="dimmed">
              Agents are run with a user account. You are signed in with {session.role === 'admin' ? 'an administrator' : 'a developer'} account.
            </Text>
          )}
          <List size="sm" spacing={6} className={classes.terms}>
            {priceSentences(agent).map((sentence) => (
              <List.Item key={sentence}>{sentence}</List.Item>
            ))}
          </List>
          {lines.length > 0 && (
            <table className={classes.lines}>
              <caption className="visually-hidden">What a run is charged for</caption>
              <tbody>
                {lines.map((line) => (
                  <tr key={line.label}>
                    <th scope="row">{line.label}</th>
                    <td>{line.price}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Stack>
      </Paper>
      <Paper p="lg" className={classes.second}>
        <Title order={2} size="h4" mb="sm">
          Track record
        </Title>
        <Facts agent={agent} />
        <Divider my="md" />
        <Title order={2} size="h4" mb="sm">
          What it may do
        </Title>
        <Permissions agent={agent} />
      </Paper>
    </aside>
  );
}
