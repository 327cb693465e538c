/** The agents that tests of runs need. */
import type { TestAgent } from './agents';

const bars = [38, 55, 47, 72, 90, 104].map((height, at) => `<rect x="${20 + at * 60}" y="${130 - height}" width="40" height="${height}" rx="4" fill="#15735f"/>`);
const SVG = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="400" height="140">${bars.join('')}</svg>`).toString('base64');

const wait = 'const wait = (ms) => new Promise((done) => setTimeout(done, ms));';

/** Prints `lines` lines within about `ms` milliseconds, then gives them back. */
export const chatty: TestAgent = {
  slug: 'web-chatty',
  version: '1.0.0',
  manifest: {
    name: 'Chatty Counter',
    runtime: { language: 'nodejs', version: '20', entrypoint: 'index.js', timeout_ms: 300_000, memory_mb: 128 },
    inputs: [
      { name: 'lines', type: 'integer', required: true, default: 1000 },
      { name: 'ms', type: 'integer', default: 3000 },
    ],
    outputs: [{ name: 'lines', type: 'integer' }],
  },
  code: `${wait}
module.exports = async ({ lines, ms }, ctx) => {
  const each = Math.max(1, Math.ceil(lines / (ms / 50)));
  for (let line = 1; line <= lines; line += 1) {
    ctx.log('line ' + line + ' of ' + lines + ': ' + 'row '.repeat(line % 9));
    if (line % each === 0) {
      ctx.progress(line / lines, 'counted ' + line);
      await wait(50);
    }
  }
  return { lines };
};`,
};

/** Gives back one value of every kind. */
export const gallery: TestAgent = {
  slug: 'web-gallery',
  version: '1.0.0',
  manifest: {
    name: 'Market Report',
    inputs: [
      { name: 'topic', type: 'string', required: true, description: 'What the report is about.' },
      { name: 'api_key', type: 'string', secret: true, required: true, description: 'Your key for the data service.' },
      { name: 'depth', type: 'string', enum: ['short', 'long'], default: 'short' },
      { name: 'fail', type: 'boolean', default: false },
    ],
    outputs: [
      { name: 'report_markdown', type: 'string' }, { name: 'companies', type: 'array', items: { type: 'object' } },
      { name: 'chart', type: 'string' }, { name: 'totals', type: 'object' }, { name: 'raw', type: 'object' },
    ],
  },
  code: `module.exports = async ({ topic, fail }, ctx) => {
  ctx.log('reading about ' + topic);
  if (fail) throw new Error('the data service did not answer');
  console.log('done with ' + topic);
  return {
    report_markdown: '## ' + topic + '\\n\\nThe market **grew** by 12 % this year.\\n\\n- Demand is up\\n- Supply is down\\n\\n| Year | Size |\\n|---|---|\\n| 2025 | 10 |\\n| 2026 | 12 |\\n',
    companies: [
      { name: 'Kaveri Mills', city: 'Erode', revenue: 1250000.5, listed: true, offices: ['Erode', 'Salem'] },
      { name: 'Narmada Foods', city: 'Indore', revenue: 830000, listed: false, offices: ['Indore'] },
      { name: 'Brahmaputra Tea', city: 'Jorhat', revenue: 410000, listed: true, offices: [], contact: { email: 'hello@example.com', phones: [{ kind: 'office', number: '1' }] } },
    ],
    chart: 'data:image/svg+xml;base64,${SVG}',
    totals: { companies: 3, revenue: 2490000.5, complete: true },
    raw: { query: { topic, pages: [1, 2, 3] }, hits: { total: 3, first: { id: 'c1', score: 0.92 } } },
  };
};`,
};

/** The version after: another input, another output. */
export const gallery2: TestAgent = {
  ...gallery,
  version: '1.1.0',
  manifest: {
    ...gallery.manifest,
    inputs: [
      ...(gallery.manifest.inputs as unknown[]),
      { name: 'language', type: 'string', enum: ['en', 'hi'], default: 'en', description: 'What the report is written in.' },
    ],
    runtime: { language: 'nodejs', version: '20', entrypoint: 'index.js', timeout_ms: 90_000, memory_mb: 128 },
  },
};

/** Paid for by the month. */
export const monthly: TestAgent = {
  slug: 'web-monthly',
  version: '1.0.0',
  manifest: {
    name: 'Monthly Digest',
    pricing: { model: 'subscription', amount: 19_900, currency: 'INR', runs_per_month: 40 },
    outputs: [{ name: 'digest', type: 'string' }],
  },
  code: `module.exports = async () => ({ digest: 'all is well' });`,
};
