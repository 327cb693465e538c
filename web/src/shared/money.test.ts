import { describe, expect, it } from 'vitest';

import { formatMoney, minorDigits, parseMoney } from './money';

describe('formatMoney', () => {
  it.each([
    [30, 'INR', '₹0.30'],
    [1, 'INR', '₹0.01'],
    [0, 'INR', '₹0.00'],
    [12_345_678_90, 'INR', '₹12,34,56,78.90'.replace('12,34,56,78', '1,23,45,678')],
    [-50, 'INR', '-₹0.50'],
    [500, 'JPY', '¥500'],
  ])('%i %s is %s', (minor, currency, text) => {
    expect(formatMoney(minor, currency, { locale: 'en-IN' })).toBe(text);
  });

  it('leaves out the fraction of whole sums where asked to, and only of those', () => {
    expect(formatMoney(500, 'INR', { short: true, locale: 'en-IN' })).toBe('₹5');
    expect(formatMoney(550, 'INR', { short: true, locale: 'en-IN' })).toBe('₹5.50');
  });

  it('says of what comes in that it does', () => {
    expect(formatMoney(100, 'INR', { signed: true, locale: 'en-IN' })).toBe('+₹1.00');
    expect(formatMoney(-100, 'INR', { signed: true, locale: 'en-IN' })).toBe('-₹1.00');
  });

  it('writes currencies it does not know plainly', () => {
    expect(formatMoney(150, 'not one')).toBe('1.50 not one');
  });
});

describe('parseMoney', () => {
  it.each([
    ['500', 50_000],
    ['0.5', 50],
    ['.5', null],
    ['1,00,000.25', 10_000_025],
    ['₹ 12', 1_200],
    ['1.005', null],
    ['-1', null],
    ['1e3', null],
    ['', null],
  ])('%s is %s paise', (text, minor) => {
    expect(parseMoney(text, 'INR')).toBe(minor);
  });

  it('takes the digits the currency has', () => {
    expect(minorDigits('JPY')).toBe(0);
    expect(parseMoney('500', 'JPY')).toBe(500);
    expect(parseMoney('500.1', 'JPY')).toBeNull();
  });
});
