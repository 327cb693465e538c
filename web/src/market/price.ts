/** Prices in plain words. */
import { formatMoney } from '@/shared/money';
import { formatCount, plural } from '@/shared/numbers';
import { words } from '@/shared/words';

import type { AgentSummary, Pricing } from './types';

type Priced = Pick<AgentSummary, 'pricing' | 'price_amount' | 'price_currency'>;

const money = (amount: number, currency: string): string => formatMoney(amount, currency, { short: true });

/** "₹0.30 a run", "up to ₹5 a run", "₹199 a month", "Free". */
export function priceShort({ pricing, price_amount: amount, price_currency: currency }: Priced): string {
  if (amount === 0) return 'Free';
  if (pricing.model === 'subscription') return `${money(amount, currency)} a month`;
  return pricing.model === 'pay_per_use' ? `up to ${money(amount, currency)} a run` : `${money(amount, currency)} a run`;
}

/** How many runs a month cost nothing. */
export function freeRuns(pricing: Pricing): number {
  return pricing.model === 'per_execution' || pricing.model === 'free_tier' ? pricing.free_runs_per_month : 0;
}

/** "10 runs free each month", if any are. */
export function freeWords({ pricing, price_amount: amount }: Priced): string | undefined {
  const free = freeRuns(pricing);
  return amount === 0 || free === 0 ? undefined : `${plural(free, 'run')} free each month`;
}

/** The whole price, as sentences. */
export function priceSentences({ pricing, price_amount: amount, price_currency: currency }: Priced): string[] {
  if (amount === 0) return ['Runs cost nothing.'];
  const price = money(amount, currency);
  switch (pricing.model) {
    case 'subscription':
      return [
        pricing.runs_per_month === undefined || pricing.runs_per_month === null
          ? `${price} a month for as many runs as you like.`
          : `${price} a month for ${plural(pricing.runs_per_month, 'run')}.`,
        'Paid ahead for a month at a time; cancel whenever you like, and it ends with the month.',
      ];
    case 'pay_per_use':
      return [
        `You pay for what a run uses, ${price} at the most.`,
        'The most is set aside in your wallet when the run starts; what it does not use comes back.',
        'A run that fails costs nothing.',
      ];
    default: {
      const free = freeRuns(pricing);
      return [
        `${price} for a run that succeeds. A run that fails costs nothing.`,
        ...(free > 0 ? [`The first ${formatCount(free)} successful ${free === 1 ? 'run' : 'runs'} of each month (UTC) are free.`] : []),
      ];
    }
  }
}

export interface PriceLine {
  label: string;
  price: string;
}

/** What a metered run counts, and what each costs. */
export function priceLines(pricing: Pricing): PriceLine[] {
  if (pricing.model !== 'pay_per_use') return [];
  const lines = Object.entries(pricing.events).map(([name, event]) => ({
    label: event.title ?? words(name),
    price: money(event.unit_price, pricing.currency),
  }));
  return pricing.start_fee > 0 ? [{ label: 'Each run', price: money(pricing.start_fee, pricing.currency) }, ...lines] : lines;
}
