/**
 * What refresh tokens were traded for, where every tab sees it at once. What one tab writes into localStorage reaches a tab in
 * another process a moment later, and that one would take its turn with a token that was used.
 */
import { clear, createStore, get, keys, set, type UseStore } from 'idb-keyval';

/** Tabs are behind by moments: no more than the last few are of use. */
const MOST = 8;

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore('frameos-renewals', 'renewals'));

/** What came of `token`, which is itself where it was not traded yet. */
export async function renewalNewest(token: string): Promise<string> {
  let newest = token;
  try {
    for (let next: string | undefined = token; next !== undefined; next = await get<string>(next, store())) newest = next;
  } catch {
    // Some browsers keep no databases for windows without a history; localStorage has to do.
  }
  return newest;
}

/** To be awaited before another tab has its turn. */
export async function renewalNote(from: string, to: string): Promise<void> {
  try {
    if ((await keys(store())).length >= MOST) await clear(store());
    await set(from, to, store());
  } catch {
    // As above.
  }
}
