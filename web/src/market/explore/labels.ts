/** Names of what agents can be filtered by. */
import { formatMoney } from '@/shared/money';

export const PRICING_MODELS: Record<string, string> = {
  per_execution: 'Per run',
  free_tier: 'Free tier, then per run',
  pay_per_use: 'By what a run uses',
  subscription: 'Monthly',
};

export const LANGUAGES: Record<string, string> = { nodejs: 'Node.js', python: 'Python' };

export const SORT_LABELS: Record<string, string> = {
  relevance: 'Best match',
  popularity: 'Most runs',
  rating: 'Best rated',
  newest: 'Newest',
  price_low: 'Price: low to high',
  price_high: 'Price: high to low',
};

const rupees = (minor: number): string => formatMoney(minor, 'INR', { short: true });

/** The facets' ranges begin one paisa above a round sum, which nobody wants to read. */
export function priceRangeLabel(least: number | undefined, most: number | undefined): string {
  if (most === 0) return 'Free';
  const from = least === undefined || least <= 1 ? undefined : least % 100 === 1 ? least - 1 : least;
  if (from === undefined) return most === undefined ? 'Not free' : `Up to ${rupees(most)}`;
  return most === undefined ? `Over ${rupees(from)}` : `${rupees(from)} to ${rupees(most)}`;
}

/** A facet's range, e.g. `101-1000` or `100001-`, as a filter. */
export function priceRangeOf(value: string): { min_price: number | undefined; max_price: number | undefined } {
  const [least = '', most = ''] = value.split('-');
  const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined);
  return value.includes('-')
    ? { min_price: number(least), max_price: number(most) }
    : { min_price: number(value), max_price: number(value) };
}
