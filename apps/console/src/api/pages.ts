import { pagesOf, type PageQuery } from '@taskrunner/client';

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** The query of the first page of a list that grows as it is read. */
export const FIRST_PAGE: PageQuery = {};

/** True of the query of the first page. */
export function isFirstPage(query: unknown): boolean {
  return typeof query !== 'object' || query === null || !('cursor' in query);
}

/** The query of the page after this one; undefined: it is the last. */
export function nextPage({ nextCursor }: Page<unknown>): PageQuery | undefined {
  return nextCursor === null ? undefined : { cursor: nextCursor };
}

const PAGE = 200;
const MOST_PAGES = 20;

/** A list of the API that has no filter, and whether these are all of its items. */
interface WholeList<T> {
  readonly items: readonly T[];
  readonly isWhole: boolean;
}

/** Reads a list to its end, at most 4 000 items, so that the page can filter it. */
export async function wholeList<T>(
  ask: (query: PageQuery & { readonly limit: number }) => Promise<Page<T>>,
): Promise<WholeList<T>> {
  const items: T[] = [];
  let [pages, isWhole] = [0, false];
  const asked = async (query: PageQuery): Promise<Page<T>> => {
    const page = await ask({ limit: PAGE, ...query });
    isWhole = page.nextCursor === null;
    return page;
  };
  for await (const page of pagesOf(asked)) {
    items.push(...page);
    if (++pages === MOST_PAGES) break;
  }
  return { items, isWhole };
}
