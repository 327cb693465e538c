/** The state of the list of agents, in the address. */
import { oneOf, pagingOf, type PagingSearch, textOf, wholeOf } from '@/shared/paging';

export const SORTS = ['popularity', 'newest', 'rating', 'price_low', 'price_high', 'relevance'] as const;
export type ExploreSort = (typeof SORTS)[number];

const MODELS = ['per_execution', 'free_tier', 'pay_per_use', 'subscription'] as const;
const LANGUAGES = ['nodejs', 'python'] as const;

export interface ExploreSearch extends PagingSearch {
  search?: string;
  category?: string;
  pricing_model?: (typeof MODELS)[number];
  language?: (typeof LANGUAGES)[number];
  capability?: string;
  tag?: string;
  developer?: string;
  min_price?: number;
  max_price?: number;
  sort?: ExploreSort;
}

const TEXTS = ['search', 'category', 'capability', 'tag', 'developer'] as const;
const MOST_PRICE = 10_000_000;

export function exploreSearchOf(search: Record<string, unknown>): ExploreSearch {
  const found: ExploreSearch = pagingOf(search);
  for (const key of TEXTS) {
    const text = textOf(search[key]);
    if (text !== undefined) found[key] = text;
  }
  const model = oneOf(search.pricing_model, MODELS);
  if (model !== undefined) found.pricing_model = model;
  const language = oneOf(search.language, LANGUAGES);
  if (language !== undefined) found.language = language;
  const [least, most] = [wholeOf(search.min_price, 0, MOST_PRICE), wholeOf(search.max_price, 0, MOST_PRICE)];
  if (least !== undefined) found.min_price = least;
  if (most !== undefined) found.max_price = most;
  const sort = oneOf(search.sort, SORTS);
  if (sort !== undefined) found.sort = sort;
  return found;
}
