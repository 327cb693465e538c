/** The marketplace as it looks with more on offer than the bundled agents: many agents, ratings, and every kind of price. */
import { look } from './helpers/look';
import { expect, type Page, test } from './helpers/test';

const NAMES = ['Contract Reader', 'Lead Finder', 'Translator', 'Chart Maker', 'Code Reviewer', 'Résumé Screener', 'SEO Auditor', 'Support Triage'];
const CATEGORIES = ['legal', 'sales', 'language', 'analytics', 'developer-tools', 'people', 'marketing', 'support', 'finance'];
const PRICES = [
  { model: 'subscription', amount: 49_900, currency: 'INR', runs_per_month: 200 },
  { model: 'pay_per_use', max_amount: 5_000, currency: 'INR', start_fee: 100, events: { page: { unit_price: 25, title: 'Page read' } } },
  { model: 'per_execution', amount: 0, currency: 'INR', free_runs_per_month: 0 },
  { model: 'free_tier', amount: 250, currency: 'INR', free_runs_per_month: 100 },
];

const agents = Array.from({ length: 24 }, (_, index) => {
  const pricing = PRICES[index % PRICES.length];
  const name = `${NAMES[index % NAMES.length]}${index >= NAMES.length ? ` ${Math.floor(index / NAMES.length) + 1}` : ''}`;
  return {
    id: `agt_${index}`, name, slug: `agent-${index}`, icon_url: null, category: CATEGORIES[index % CATEGORIES.length],
    description: 'Does one thing, and says in plain words what it needs for it and what comes out, at some length so that lines have to be cut.',
    pricing_model: pricing?.model, price_amount: pricing && 'amount' in pricing ? pricing.amount : 5_000, price_currency: 'INR',
    free_runs_per_month: 0, pricing, current_version: '1.2.0', status: 'published', rating: 3.4 + (index % 8) / 5,
    review_count: index % 3 === 0 ? 0 : index * 7, total_executions: index * index * 911, developer: { id: 'dev_1', name: 'Meera Nair', company: index % 2 ? 'Nair Labs' : null },
  };
});
const counts = (values: string[]) => values.map((value, index) => ({ value, agents: 412 - index * 37 }));

async function stock(page: Page): Promise<void> {
  await page.route('**/categories', (route) =>
    route.fulfill({ json: { success: true, data: { categories: CATEGORIES.map((category, index) => ({ category, agents: 412 - index * 37 })) } } }),
  );
  await page.route('**/agents?*', (route) => {
    const limit = Number(new URL(route.request().url()).searchParams.get('limit'));
    const facets = {
      category: counts(CATEGORIES), pricing_model: counts(['per_execution', 'free_tier', 'pay_per_use', 'subscription']), language: counts(['nodejs', 'python']),
      capability: counts(['http_request']), tag: counts(['gst', 'pdf', 'csv', 'mail', 'text', 'seo', 'charts', 'cv', 'audit', 'code']), price: counts(['0', '1-100', '101-1000', '1001-10000', '10001-']),
    };
    return route.fulfill({ json: { success: true, data: { agents: agents.slice(0, limit), total: 9_871, page: 1, limit, facets } } });
  });
}

test('the front page with full shelves', async ({ page }) => {
  await stock(page);
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Best rated' })).toBeVisible();
  await look(page, 'home-full');
});

test('a long list', async ({ page }) => {
  await stock(page);
  await page.goto('/explore?category=legal&tag=gst,pdf&search=reader');
  await expect(page.getByText('9,871 agents')).toBeVisible();
  await look(page, 'explore-full');
});
