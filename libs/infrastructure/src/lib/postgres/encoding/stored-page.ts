import type { StoredPage } from '@taskrunner/core/journal';
import { toDigest } from './digest-bytes';
import { unpackedPage } from './packed-page';

/** A page of a journal, as `read-journal` and `last-page` return it. */
export interface StoredPageRow {
  readonly first_seq: number;
  readonly content: Buffer;
  readonly hash: Buffer;
  readonly prev: Buffer;
}

/** Bytes that are no page have an empty text, which no hash matches. */
export function toStoredPage({ first_seq: first, content, hash, prev }: StoredPageRow): StoredPage {
  const { entries, held } = unpackedPage(content) ?? { entries: '', held: null };
  return { first, prev: toDigest(prev), hash: toDigest(hash), text: entries, held };
}
