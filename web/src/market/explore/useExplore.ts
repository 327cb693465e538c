import { getRouteApi, useNavigate } from '@tanstack/react-router';

import { words } from '@/shared/words';

import { categoryLabel } from '../categories';
import { LANGUAGES, PRICING_MODELS, priceRangeLabel } from './labels';
import type { ExploreSearch } from './search';

const route = getRouteApi('/explore');

export interface ActiveFilter {
  key: string;
  label: string;
  /** The change that takes it off. */
  off: Partial<ExploreSearch>;
}

export type Change = (change: Partial<ExploreSearch>, options?: { keepPage?: boolean; replace?: boolean }) => void;

/** The state of the list, in the address, and what changes it. */
export function useExplore() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/explore' });
  const set: Change = (change, { keepPage = false, replace = false } = {}) =>
    void navigate({
      search: (before: ExploreSearch) => withoutGaps({ ...before, ...(keepPage ? {} : { page: undefined }), ...change }),
      replace,
      resetScroll: false,
    });
  const clear = () => void navigate({ search: {}, resetScroll: false });
  return { search, set, clear, filters: filtersOf(search) };
}

function withoutGaps(search: ExploreSearch): ExploreSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== '')) as ExploreSearch;
}

function filtersOf(search: ExploreSearch): ActiveFilter[] {
  const filters: ActiveFilter[] = [];
  const add = (key: string, label: string, off: Partial<ExploreSearch>) => filters.push({ key, label, off });
  if (search.category) add('category', categoryLabel(search.category), { category: undefined });
  if (search.pricing_model) add('pricing', PRICING_MODELS[search.pricing_model] ?? search.pricing_model, { pricing_model: undefined });
  if (search.min_price !== undefined || search.max_price !== undefined) {
    add('price', priceRangeLabel(search.min_price, search.max_price), { min_price: undefined, max_price: undefined });
  }
  if (search.language) add('language', LANGUAGES[search.language] ?? search.language, { language: undefined });
  for (const key of ['capability', 'tag'] as const) {
    const values = listOf(search[key]);
    for (const value of values) {
      add(`${key}:${value}`, key === 'tag' ? `#${value}` : words(value), { [key]: joined(values.filter((other) => other !== value)) });
    }
  }
  if (search.developer) add('developer', 'One developer', { developer: undefined });
  return filters;
}

/** Several values stand in the address with commas between them. */
export const listOf = (text: string | undefined): string[] => (text ? text.split(',').filter(Boolean) : []);
export const joined = (values: string[]): string | undefined => (values.length > 0 ? values.join(',') : undefined);
