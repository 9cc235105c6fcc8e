/** A page of a list. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Query of a page; empty for the first page. */
export interface PageQuery {
  readonly cursor?: string;
}

/**
 * All items of a list. Pages are requested as the items are read:
 * `itemsOf((page) => bodyOf(client.api.GET('/api/runs', { params: { query: { status: ['running'], ...page } } })))`.
 */
export async function* itemsOf<Item>(ask: (page: PageQuery) => Promise<Page<Item>>): AsyncGenerator<Item> {
  for await (const items of pagesOf(ask)) yield* items;
}

/** The same list as its pages, for whoever handles the items of a page together. A page may be empty although others follow. */
export async function* pagesOf<Item>(ask: (page: PageQuery) => Promise<Page<Item>>): AsyncGenerator<readonly Item[]> {
  let query: PageQuery = {};
  for (;;) {
    const { items, nextCursor } = await ask(query);
    yield items;
    if (nextCursor === null) return;
    query = { cursor: nextCursor };
  }
}
