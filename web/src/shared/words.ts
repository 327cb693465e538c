/** `per_execution` as "Per execution". */
export function words(name: string): string {
  const text = name.replace(/[_-]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const or = new Intl.ListFormat('en', { type: 'disjunction' });

/** "a, b or c". */
export const listWords = (items: readonly string[]): string => or.format(items);
