import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';

import { client, take } from '@/api/client';
import { NetworkError } from '@/api/errors';
import type { Schemas } from '@/api/types';
import { priceToConfirm } from '@/market/agent/tryRun';
import { uniqueKey } from '@/session/key';
import { confirmAsk } from '@/shared/confirm';
import { formatMoney } from '@/shared/money';

type Request = Schemas['ExecuteRequest'];

interface Options {
  agent: string;
  /** Of the agent's price. */
  currency: string;
  onStarted: (execution: string) => void;
}

/**
 * Starts a run. One that got no answer may have been started: sent again as it is, it carries the same key and runs
 * once. A price above the policy's `confirm_above` is asked about here.
 */
export function useRunStart({ agent, currency, onStarted }: Options) {
  const cache = useQueryClient();
  const sent = useRef({ body: '', key: '' });
  const send = async (body: Request): Promise<string> => {
    const text = JSON.stringify(body);
    if (sent.current.body !== text) sent.current = { body: text, key: uniqueKey() };
    const params = { path: { agent }, header: { 'Idempotency-Key': sent.current.key } };
    try {
      const started = await take(
        client.POST('/agents/{agent}/execute', { params, body }),
      );
      sent.current.body = '';
      return 'execution_id' in started ? started.execution_id : started.id;
    } catch (error) {
      if (!(error instanceof NetworkError)) sent.current.body = '';
      const asked = priceToConfirm(error);
      if (asked === undefined || body.confirmed_amount !== undefined) throw error;
      const sure = await confirmAsk({
        title: `This run costs up to ${formatMoney(asked, currency)}`,
        children: 'That is above the amount your spending policy wants to be asked about.',
        confirm: 'Run it',
      });
      if (!sure) throw error;
      return send({ ...body, confirmed_amount: asked });
    }
  };
  const start = useMutation({
    mutationFn: send,
    onSuccess: (execution) => {
      void cache.invalidateQueries({ queryKey: ['executions', 'list'] });
      void cache.invalidateQueries({ queryKey: ['wallet'] });
      onStarted(execution);
    },
  });
  return {
    isPending: start.isPending,
    error: start.error,
    /** Resolves to what went wrong, or to `null`. */
    run: (body: Request): Promise<unknown> => start.mutateAsync(body).then(() => null, (error: unknown) => error),
  };
}
