/** Prices in plain words. */
import { formatMoney } from '@/shared/money';
import { formatCount } from '@/shared/numbers';

/** A manifest's `pricing`, as the API shows it. */
export interface Pricing {
  model: 'per_execution' | 'free_tier' | 'pay_per_use' | 'subscription';
  /** Of a run, a metered run at most, or a month. */
  amount: number;
  currency: string;
  free_runs_per_month?: number;
  start_fee?: number;
  events?: Record<string, { unit_price: number; description?: string }>;
  runs_per_month?: number | null;
}

interface Priced {
  pricing: unknown;
  pricing_model: string;
  price_amount: number;
  price_currency: string;
  free_runs_per_month: number;
}

export function pricingOf(agent: Priced): Pricing {
  return {
    ...(agent.pricing as Partial<Pricing> | null),
    model: agent.pricing_model as Pricing['model'],
    amount: agent.price_amount,
    currency: agent.price_currency,
    free_runs_per_month: agent.free_runs_per_month,
  };
}

/** "₹0.30 a run", "up to ₹5 a run", "₹199 a month", "Free". */
export function priceShort(agent: Priced): string {
  const { model, amount, currency } = pricingOf(agent);
  if (amount === 0) return 'Free';
  const price = formatMoney(amount, currency, { short: true });
  if (model === 'subscription') return `${price} a month`;
  return model === 'pay_per_use' ? `up to ${price} a run` : `${price} a run`;
}

/** What comes free of charge, if anything does. */
export function freeWords(agent: Priced): string | undefined {
  const { amount, free_runs_per_month: free = 0 } = pricingOf(agent);
  if (amount === 0 || free === 0) return undefined;
  return `first ${formatCount(free)} ${free === 1 ? 'run' : 'runs'} each month free`;
}
