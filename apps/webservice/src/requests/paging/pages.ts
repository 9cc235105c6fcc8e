import type { Json } from '@taskrunner/core/foundation';
import type { Answer, Schema } from '../../openapi/operation';
import { pageOf } from '../../openapi/schemas';
import { fromCursor, toCursor } from './cursor';
import { text, whole, type Parameter } from './query';

/** What a caller asks of a list. */
interface PageQuery {
  readonly limit: number | null;
  readonly cursor: string | null;
}

/** A list that is answered in pages: what the OpenAPI document says of its query, how the query is read, and how a page is made. */
export class Pages {
  /** For the OpenAPI document. */
  readonly query: Readonly<Record<'limit' | 'cursor', { readonly description: string; readonly schema: Schema }>>;
  /** For `readQuery`. */
  readonly parameters: { readonly limit: Parameter<number>; readonly cursor: Parameter<string> };

  /** `items`: what the list has. `most` of them are on a page, `usual` unless the caller says how many. */
  constructor(
    items: string,
    most = 200,
    private readonly usual = 50,
  ) {
    this.query = {
      limit: {
        description: `Maximum number of ${items} on a page.`,
        schema: { type: 'integer', minimum: 1, maximum: most, default: usual },
      },
      cursor: { description: '`nextCursor` of the previous page.', schema: { type: 'string' } },
    };
    this.parameters = { limit: whole(1, most), cursor: text };
  }

  /** The answer of the list in the OpenAPI document. */
  static answer(name: Parameters<typeof pageOf>[0], item: Json, description = 'One page of the list.'): Answer {
    return { status: 200, description, schema: pageOf(name), example: { items: [item], nextCursor: null } };
  }

  /** Items that the caller wants on a page. */
  limitOf({ limit }: PageQuery): number {
    return limit ?? this.usual;
  }

  /**
   * One page. `list` names the list with its tenant and filter. `read` gives up to `limit` items after a place, null: the first ones;
   * `placeOf` is the place of an item. Throws `REQUEST_INVALID` for a cursor of another list.
   */
  async read<Item>(
    query: PageQuery,
    list: Json,
    read: (after: string | null, limit: number) => Promise<readonly Item[]>,
    placeOf: (item: Item) => string,
  ): Promise<{ readonly items: readonly Item[]; readonly nextCursor: string | null }> {
    const limit = this.limitOf(query);
    const found = await read(placeIn(query, list), limit + 1);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return { items: found.slice(0, limit), nextCursor: last ? toCursor(placeOf(last), list) : null };
  }
}

/** Where a page begins; null: at the first item. Throws `REQUEST_INVALID` for a cursor of another list. */
export function placeIn({ cursor }: PageQuery, list: Json): string | null {
  return cursor === null ? null : fromCursor(cursor, list);
}
