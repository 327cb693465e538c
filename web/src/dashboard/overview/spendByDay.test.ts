import { describe, expect, it } from 'vitest';

import { spendByDay } from './spendByDay';

const transaction = (kind: string, amount: number, created_at: string) => ({ id: 'txn', kind, amount, currency: 'INR', reference: 'exec', created_at });

describe('spendByDay', () => {
  it('counts what was taken, and not what came in or came back', () => {
    const days = spendByDay(
      [
        transaction('top_up', 100_000, '2026-11-20T10:00:00Z'),
        transaction('hold', -500, '2026-11-20T10:00:00Z'),
        transaction('capture', 200, '2026-11-20T10:00:01Z'),
        transaction('hold', -100, '2026-11-21T23:59:59Z'),
        transaction('release', 100, '2026-11-21T23:59:59Z'),
        transaction('hold', -70, '2026-11-19T23:59:59Z'),
      ],
      Date.parse('2026-11-20T00:00:00Z'),
      3,
    );
    expect(days).toEqual([
      { day: '2026-11-20', amount: 300 }, { day: '2026-11-21', amount: 0 }, { day: '2026-11-22', amount: 0 },
    ]);
  });
});
