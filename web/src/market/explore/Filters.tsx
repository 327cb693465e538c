import { Stack } from '@mantine/core';

import { words } from '@/shared/words';

import { categoryLabel } from '../categories';
import type { AgentFacets } from '../types';
import { FacetChoices } from './FacetChoices';
import { FacetOne } from './FacetOne';
import { LANGUAGES, PRICING_MODELS, priceRangeLabel, priceRangeOf } from './labels';
import type { ExploreSearch } from './search';
import { type Change, joined, listOf } from './useExplore';

interface Props {
  facets: AgentFacets | undefined;
  search: ExploreSearch;
  onChange: Change;
}

/** What the list can be narrowed down to, with how many agents each choice would leave. */
export function Filters({ facets, search, onChange }: Props) {
  const price = facets?.price.find(({ value }) => {
    const range = priceRangeOf(value);
    return range.min_price === search.min_price && range.max_price === search.max_price;
  })?.value;
  return (
    <Stack gap="lg">
      <FacetOne
        label="Category"
        counts={facets?.category}
        value={search.category}
        name={categoryLabel}
        onChange={(category) => onChange({ category })}
      />
      <FacetOne
        label="Pricing"
        counts={facets?.pricing_model}
        value={search.pricing_model}
        name={(value) => PRICING_MODELS[value] ?? words(value)}
        onChange={(model) => onChange({ pricing_model: model as ExploreSearch['pricing_model'] })}
      />
      <FacetOne
        label="Price"
        counts={facets?.price}
        value={price}
        name={(value) => {
          const range = priceRangeOf(value);
          return priceRangeLabel(range.min_price, range.max_price);
        }}
        onChange={(value) => onChange(value === undefined ? { min_price: undefined, max_price: undefined } : priceRangeOf(value))}
      />
      <FacetOne
        label="Language"
        counts={facets?.language}
        value={search.language}
        name={(value) => LANGUAGES[value] ?? value}
        onChange={(language) => onChange({ language: language as ExploreSearch['language'] })}
      />
      <FacetChoices
        label="Asks for"
        counts={facets?.capability}
        values={listOf(search.capability)}
        name={words}
        onChange={(values) => onChange({ capability: joined(values) })}
      />
      <FacetChoices
        label="Tags"
        counts={facets?.tag}
        values={listOf(search.tag)}
        name={(tag) => tag}
        onChange={(values) => onChange({ tag: joined(values) })}
      />
    </Stack>
  );
}
