import { Alert, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Info } from 'lucide-react';
import { useState } from 'react';

import { client, take } from '@/api/client';
import { priceShort } from '@/market/price';
import { confirmAsk } from '@/shared/confirm';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

import { ownAgentQuery } from '../queries';
import type { AgentDetail, PricingForm } from '../types';
import { PriceFields } from './PriceFields';

/** The price, to change at once. */
export function PriceCard({ agent }: { agent: AgentDetail }) {
  const queries = useQueryClient();
  const [price, setPrice] = useState<PricingForm>(agent.pricing as PricingForm);
  const isChanged = JSON.stringify(price) !== JSON.stringify(agent.pricing);
  const isSubscription = agent.pricing_model === 'subscription';
  const save = useMutation({
    mutationFn: () =>
      take(client.PATCH('/agents/{agent}', { params: { path: { agent: agent.slug } }, body: { pricing: price } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['studio'] });
      await queries.invalidateQueries({ queryKey: ['agents'] });
      await queries.fetchQuery(ownAgentQuery(agent.slug));
      notifyDone('The price is changed.');
    },
  });
  const ask = async () => {
    const sure = await confirmAsk({
      title: 'Change the price?',
      children: isSubscription
        ? 'Subscribers are told by mail, and pay the new price for months that begin seven days later or after that.'
        : 'It holds at once, for runs that are triggered from now on.',
      confirm: 'Change the price',
    });
    if (sure) save.mutate();
  };
  return (
    <Paper p="lg" component="section" aria-labelledby="price-title" h="100%">
      <Stack gap="md">
        <div>
          <Title order={2} id="price-title">
            Price
          </Title>
          <Text size="sm" c="dimmed">
            Now {priceShort(agent)}, whatever the version.
          </Text>
        </div>
        <PriceFields value={price} onChange={setPrice} disabled={agent.status === 'banned'} />
        {agent.pricing_model === 'subscription' && price.model !== 'subscription' && (
          <Alert color="yellow" icon={<Info size={16} aria-hidden />}>
            Subscriptions end with the last month that begins within seven days.
          </Alert>
        )}
        {save.error && <ErrorState error={save.error} />}
        <Group>
          <Button disabled={!isChanged} loading={save.isPending} onClick={() => void ask()}>
            Change the price
          </Button>
          {isChanged && (
            <Button variant="subtle" onClick={() => setPrice(agent.pricing as PricingForm)}>
              Undo
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}
