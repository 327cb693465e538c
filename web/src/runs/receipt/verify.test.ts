import { describe, expect, it } from 'vitest';

import doc from '../../../../docs/receipts.md?raw';

import { canonical, exactParse } from './exact';
import { receiptVerify } from './verify';

/** The worked example of docs/receipts.md, which the server's own tests check, too. */
const blocks = [...doc.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
const [receipt = '', keys = '', inputs = '', outputs = ''] = blocks;
const run = `{"success":true,"data":{"id":"exec_01m7q5cqg0e81840g2081040g2","status":"success","version":"1.0.0",
  "agent_slug":"csv-profiler","receipt_salt":"5eed0c0ffee5eed0c0ffee5eed0c0ffe","inputs":${inputs},"outputs":${outputs}}}`;

const outcomes = async (evidence: Partial<Record<'receipt' | 'keys' | 'run', string>>) => {
  const checks = await receiptVerify({ receipt, keys, run, ...evidence });
  return Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
};

const whole = {
  Form: 'holds', Signature: 'holds', Key: 'holds', Content: 'holds', Run: 'holds', Inputs: 'holds', Outputs: 'holds',
  Mandate: 'holds', Payment: 'holds',
};

describe('receiptVerify', () => {
  it('finds the worked example whole', async () => {
    expect(await outcomes({})).toEqual(whole);
  });

  it('finds what was changed', async () => {
    expect(await outcomes({ receipt: receipt.replace('"amount": 30', '"amount": 3') })).toEqual({ ...whole, Content: 'broken' });
    expect(await outcomes({ run: run.replace('"rows": 1', '"rows": 2') })).toEqual({ ...whole, Outputs: 'broken' });
    expect(await outcomes({ run: run.replace('"rows": 1', '"rows": 1.0') })).toEqual({ ...whole, Outputs: 'broken' });
    expect(await outcomes({ run: run.replace('a,b', 'a;b') })).toEqual({ ...whole, Inputs: 'broken' });
    expect(await outcomes({ run: run.replace('"success","version"', '"failed","version"') })).toEqual({ ...whole, Run: 'broken' });
    expect(await outcomes({ keys: '{"keys":[]}' })).toMatchObject({ Signature: 'holds', Key: 'broken', Mandate: 'broken' });
    const forged = receipt.replace(/("jws": "[^."]*\.[^."]*\.)(.)/, (_, signed: string, first: string) => signed + (first === 'A' ? 'B' : 'A'));
    const signature = await outcomes({ receipt: forged });
    expect(signature).toEqual({ ...whole, Signature: 'broken' });
    const proof = await outcomes({ receipt: receipt.replace(/"payment_receipt": "ey/, '"payment_receipt": "eY') });
    expect(proof).toEqual({ ...whole, Payment: 'broken' });
    expect(await outcomes({ receipt: receipt.replace('"sequence": 7,', '"sequence": 7, "sequence": 7,') })).toEqual({ Form: 'broken' });
    expect(await outcomes({ receipt: '{}' })).toEqual({ Form: 'broken' });
  });

  it('says what it cannot tell', async () => {
    const without = receipt.replace(/"proofs": \{[\s\S]*?\},\n {2}"receipt"/, '"receipt"');
    expect(await outcomes({ receipt: without })).toEqual({ ...whole, Mandate: 'untold', Payment: 'untold' });
    const secret = await receiptVerify({ receipt, keys, run: run.replace('a,b', 'a;b'), secrets: ['key'] });
    expect(secret.find(({ name }) => name === 'Inputs')?.outcome).toBe('untold');
    expect(await outcomes({ run: run.replace('receipt_salt', 'other') })).toEqual({ ...whole, Inputs: 'untold', Outputs: 'untold' });
  });
});

describe('canonical', () => {
  it('sorts by code units and leaves numbers alone', () => {
    expect(canonical(exactParse(' {"b":1.0,"\u{1f600}":1e2,"\ufffd":[true,null],"a":"\\u0041\\n"} '))).toBe(
      '{"a":"A\\n","b":1.0,"\u{1f600}":1e2,"\ufffd":[true,null]}',
    );
  });

  it('refuses what can be read two ways', () => {
    for (const text of ['{"a":1,"a":2}', '[1,]', '[1 2]', '01', '"a', '1 2', '', "{'a':1}", '{"a" 1}']) {
      expect(() => exactParse(text), text).toThrow();
    }
  });
});
