import { describe, expect, it } from 'vitest';

import { draftOf, policyOf } from './draft';

const policy = {
  per_execution_limit: 5_000, daily_limit: null, monthly_limit: 123_456, confirm_above: 0, currency: 'INR', allowed_agents: ['csv-profiler'],
  blocked_agents: [], allowed_categories: [], blocked_categories: ['finance'], expires_at: '2027-01-31T18:30:00.000Z', paused: true, revision: 7,
};

describe('a policy', () => {
  it('comes back from the form as it was', () => {
    expect(policyOf(draftOf(policy), policy)).toEqual({ policy });
  });

  it('that was never set begins at revision 0, without limits', () => {
    const empty = {};
    expect(policyOf(draftOf(empty), empty)).toEqual({
      policy: {
        per_execution_limit: null, daily_limit: null, monthly_limit: null, confirm_above: null, currency: 'INR', allowed_agents: [],
        blocked_agents: [], allowed_categories: [], blocked_categories: [], expires_at: null, paused: false, revision: 0,
      },
    });
  });

  it('says which amounts are none', () => {
    const draft = { ...draftOf(policy), daily_limit: '1.005', monthly_limit: '-3' };
    expect(policyOf(draft, policy)).toEqual({ errors: { daily_limit: expect.any(String), monthly_limit: expect.any(String) } });
  });
});
