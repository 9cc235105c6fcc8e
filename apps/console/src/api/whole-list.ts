import type { Api } from './api';
import type { Page } from './views';

const PAGE = 200;
const MOST_PAGES = 20;

/** A list of the API that has no filter, and whether these are all of its items. */
interface WholeList<T> {
  readonly items: readonly T[];
  readonly isWhole: boolean;
}

/** Reads a list to its end, at most 4 000 items, so that the page can filter it. */
export async function wholeList<T>(api: Api, path: string, signal: AbortSignal | null): Promise<WholeList<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found: Page<T> = await api.get(path, { limit: PAGE, cursor }, signal);
    items.push(...found.items);
    cursor = found.nextCursor;
    if (cursor === null) return { items, isWhole: true };
  }
  return { items, isWhole: false };
}
