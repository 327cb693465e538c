import { describe, expect, it } from 'vitest';

import { csvOf, totalsOf } from './sums';

describe('figures', () => {
  it('are weighted by runs, and are none of nothing', () => {
    const day = (executions: number, success_rate: number | null, avg_duration_ms: number | null) => ({
      executions, revenue: executions * 70, success_rate, avg_duration_ms,
    });
    expect(totalsOf([day(1, 1, 100), day(3, 0, 300), day(0, null, null)])).toEqual({
      executions: 4, revenue: 280, successRate: 0.25, avgDuration: 250,
    });
    expect(totalsOf([day(0, null, null)])).toMatchObject({ successRate: null, avgDuration: null });
  });

  it('are tables that no spreadsheet runs', () => {
    expect(csvOf(['day', 'of'], [['=1+1', 'a "b", c'], [null, -3]])).toBe('day,of\r\n\'=1+1,"a ""b"", c"\r\n,-3\r\n');
  });
});
