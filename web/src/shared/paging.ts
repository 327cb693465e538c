/** Paging and sorting in the address. Use in a route's `validateSearch`: `(search) => ({ ...pagingOf(search), … })`. */

export interface PagingSearch {
  page?: number;
  limit?: number;
}

export function pagingOf(search: Record<string, unknown>): PagingSearch {
  const page = wholeOf(search.page, 1, 100_000);
  const limit = wholeOf(search.limit, 1, 100);
  return { ...(page !== undefined && page > 1 ? { page } : {}), ...(limit !== undefined ? { limit } : {}) };
}

/** A whole number between `least` and `most`, if it is one. */
export function wholeOf(value: unknown, least: number, most: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number >= least && number <= most ? number : undefined;
}

/** A text that is not empty and not longer than `most`. Numbers in addresses are texts, too. */
export function textOf(value: unknown, most = 200): string | undefined {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text.slice(0, most) : undefined;
}

/** One of `choices`, if it is one. */
export function oneOf<const T extends string>(value: unknown, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}
