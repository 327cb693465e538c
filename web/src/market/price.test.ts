import { describe, expect, it } from 'vitest';

import { freeWords, priceLines, priceSentences, priceShort } from './price';
import { priceRangeLabel, priceRangeOf } from './explore/labels';
import type { Pricing } from './types';

const priced = (pricing: Pricing, amount: number) => ({ pricing, price_amount: amount, price_currency: 'INR' as const });
const perRun = (amount: number, free = 0) =>
  priced({ model: 'per_execution', amount, currency: 'INR', free_runs_per_month: free }, amount);

describe('prices in plain words', () => {
  it('of a run', () => {
    expect(priceShort(perRun(30))).toMatch(/0\.30 a run$/);
    expect(priceShort(perRun(0))).toBe('Free');
    expect(freeWords(perRun(30, 10))).toBe('10 runs free each month');
    expect(freeWords(perRun(30, 1))).toBe('1 run free each month');
    expect(freeWords(perRun(0, 10))).toBeUndefined();
    expect(priceSentences(perRun(0))).toEqual(['Runs cost nothing.']);
  });

  it('of a metered run', () => {
    const metered = priced(
      { model: 'pay_per_use', max_amount: 5_000, currency: 'INR', start_fee: 100, events: { page: { unit_price: 25, title: 'Page read' }, big_table: { unit_price: 200 } } },
      5_000,
    );
    expect(priceShort(metered)).toMatch(/^up to .*50 a run$/);
    expect(priceLines(metered.pricing).map(({ label }) => label)).toEqual(['Each run', 'Page read', 'Big table']);
  });

  it('of a month', () => {
    const month = priced({ model: 'subscription', amount: 19_900, currency: 'INR', runs_per_month: 100 }, 19_900);
    expect(priceShort(month)).toMatch(/199 a month$/);
    expect(priceSentences(month)[0]).toMatch(/for 100 runs\.$/);
  });
});

it('price ranges are those of the facets', () => {
  expect(priceRangeOf('101-1000')).toEqual({ min_price: 101, max_price: 1_000 });
  expect(priceRangeOf('10001-')).toEqual({ min_price: 10_001, max_price: undefined });
  expect(priceRangeOf('0')).toEqual({ min_price: 0, max_price: 0 });
  expect(priceRangeLabel(0, 0)).toBe('Free');
  expect(priceRangeLabel(1, 100)).toMatch(/^Up to .*1$/);
  expect(priceRangeLabel(10_001, undefined)).toMatch(/^Over .*100$/);
});
