/** Checking a run's receipt without believing the server (docs/receipts.md): what holds, what does not, what cannot be told. */
import { canonical, type Exact, exactParse, member, plain } from './exact';
import { type Jws, jwsIsSigned, jwsRead, sha256Hex, thumbprint } from './jws';

export type Outcome = 'holds' | 'broken' | 'untold';

export interface Check {
  name: string;
  outcome: Outcome;
  /** What was found, in words. */
  said: string;
}

export interface Evidence {
  /** The answer of `GET /executions/:id/receipt`, as text. */
  receipt: string;
  /** The answer of `GET /.well-known/jwks.json`, as text. */
  keys: string;
  /** The answer of `GET /executions/:id`, as text; `null` for whoever is not shown it. */
  run: string | null;
  /** Names of inputs that are in the hash and that nobody is shown. */
  secrets?: readonly string[];
}

type Checker = (name: string, work: () => Promise<string>) => Promise<void>;

/** Something that could not be checked, which is not the same as wrong. */
class Untold extends Error {}

export async function receiptVerify(evidence: Evidence): Promise<Check[]> {
  const checks: Check[] = [];
  const check: Checker = async (name, work) => {
    try {
      checks.push({ name, outcome: 'holds', said: await work() });
    } catch (error) {
      const said = error instanceof Error ? error.message : 'it cannot be read';
      checks.push({ name, outcome: error instanceof Untold ? 'untold' : 'broken', said });
    }
  };
  let jws: Jws | undefined;
  let document: Exact = null;
  await check('Form', async () => {
    document = dataOf(exactParse(evidence.receipt));
    const text = member(document, 'jws');
    must(typeof text === 'string', 'The document has no signature.');
    jws = jwsRead(text as string);
    must(jws.typ === 'frameos-run-receipt+jws', 'The signature is not one of a run receipt.');
    return 'A signed run receipt (JWS, Ed25519).';
  });
  if (!jws) return checks;
  const receipt = jws;
  await signatureChecks(check, receipt, evidence.keys);
  await check('Content', async () => {
    must(canonical(receipt.payload) === receipt.payloadText, 'What was signed is not in canonical form.');
    const shown = member(document, 'receipt');
    must(shown !== undefined && canonical(shown) === receipt.payloadText, 'What is shown is not what was signed.');
    return 'What is shown is exactly what was signed.';
  });
  await runChecks(check, receipt.payload, evidence);
  await proofChecks(check, receipt.payload, document, evidence.keys);
  return checks;
}

async function signatureChecks(check: Checker, jws: Jws, keys: string): Promise<void> {
  await check('Signature', async () => {
    must(await jwsIsSigned(jws), 'The signature does not fit: something was changed after signing.');
    return 'Valid for the key in the receipt.';
  });
  await check('Key', async () => {
    await keyCheck(jws, keys);
    return `Published by this platform as ${jws.kid.slice(0, 12)}….`;
  });
}

async function keyCheck(jws: Jws, keys: string): Promise<void> {
  must((await thumbprint(jws.x)) === jws.kid, 'The key is not the one it says it is.');
  const published = member(exactParse(keys), 'keys');
  const isPublished = Array.isArray(published) && published.some((key) => plain(member(key, 'x')) === jws.x);
  must(isPublished, 'The key that signed is none of those this platform publishes.');
}

async function runChecks(check: Checker, receipt: Exact, { run, secrets = [] }: Evidence): Promise<void> {
  if (run === null) return;
  const shown = dataOf(exactParse(run));
  await check('Run', async () => {
    for (const [ours, theirs] of [['id', 'execution_id'], ['status', 'status'], ['version', 'agent_version'], ['agent_slug', 'agent_slug']]) {
      const [a, b] = [plain(member(shown, ours ?? '')), plain(member(receipt, theirs ?? ''))];
      must(a === b, `The receipt says ${theirs} ${b ?? 'nothing'}, the run ${a ?? 'nothing'}.`);
    }
    return 'It is the receipt of this run, with its result and version.';
  });
  const salt = plain(member(shown, 'receipt_salt'));
  const hash = async (part: 'inputs' | 'outputs', member_: string) => {
    const expected = member(receipt, member_);
    if (expected === null) return part === 'outputs' ? 'The run has none.' : Promise.reject(new Error('The receipt has no hash.'));
    const value = member(shown, part);
    if (salt === undefined || value === undefined) throw new Untold('Only the owner of the run can check this.');
    const isSame = (await sha256Hex(`${salt}.${canonical(value)}`)) === expected;
    if (!isSame && part === 'inputs' && secrets.length > 0) {
      throw new Untold(`The hash covers secret inputs (${secrets.join(', ')}), too, which nobody is shown.`);
    }
    must(isSame, `These are not the ${part} that were signed.`);
    return `The ${part} on this page are the ones that were signed.`;
  };
  await check('Inputs', () => hash('inputs', 'input_sha256'));
  await check('Outputs', () => hash('outputs', 'output_sha256'));
}

async function proofChecks(check: Checker, receipt: Exact, document: Exact, keys: string): Promise<void> {
  const mandate = member(receipt, 'mandate');
  if (mandate !== undefined) {
    await check('Mandate', async () => {
      const told = member(document, 'proofs', 'mandate');
      if (typeof told !== 'string') throw new Untold('The document does not show it.');
      must((await sha256Hex(told)) === plain(member(mandate, 'mandate_hash')), 'It is not the mandate the receipt names.');
      const { payload } = await proofRead(told, 'frameos-mandate+jws', keys);
      same(payload, 'execution_id', receipt, 'execution_id');
      const paid = member(receipt, 'payment');
      must((plain(member(mandate, 'status')) === 'executed') === (paid !== null), 'It was executed without payment, or the reverse.');
      if (paid === null || paid === undefined) return 'The hold was given back; nothing was taken.';
      const [most, taken] = [Number(plain(member(payload, 'amount'))), Number(plain(member(paid, 'amount')))];
      must(taken <= most, 'More was taken than the mandate allows.');
      return 'Signed before the run; no more was taken than it allows.';
    });
  }
  const payment = member(receipt, 'payment');
  if (payment === null || payment === undefined) return;
  await check('Payment', async () => {
    const told = member(document, 'proofs', 'payment_receipt');
    if (typeof told !== 'string') throw new Untold('The document does not show it.');
    must((await sha256Hex(told)) === plain(member(payment, 'receipt_hash')), 'It is not the payment the receipt names.');
    const { payload } = await proofRead(told, 'frameos-payment-receipt+jws', keys);
    must(plain(member(payload, 'status')) === 'success', 'The payment was not a success.');
    for (const name of ['amount', 'currency', 'payment_id', 'mandate_id', 'ledger_hash', 'ledger_transaction_id']) {
      same(payload, name, payment, name);
    }
    return 'Amount and ledger entry are those the gateway signed.';
  });
}

async function proofRead(text: string, typ: string, keys: string): Promise<Jws> {
  const jws = jwsRead(text);
  must(jws.typ === typ, 'It is a document of another kind.');
  must(await jwsIsSigned(jws), 'Its signature does not fit.');
  await keyCheck(jws, keys);
  return jws;
}

function same(a: Exact, nameA: string, b: Exact, nameB: string): void {
  must(plain(member(a, nameA)) === plain(member(b, nameB)), `${nameB} is not the same in both documents.`);
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** The API's answers are in an envelope; a receipt's file may be without. */
function dataOf(answer: Exact): Exact {
  return member(answer, 'data') ?? answer;
}
