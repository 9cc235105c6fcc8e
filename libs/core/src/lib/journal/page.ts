import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Entry } from '../run/entry';

export type { Entry, Unnumbered } from '../run/entry';

/**
 * The journal entries of one commit: one row, one hash. `hash` is sha256 over the page before, and the RFC 8785 text of the entries; the
 * first page's `prev` is the digest of the admission record. Values are stored beside the chain by digest, so that a value can be withheld
 * later.
 */
export interface Page {
  /** Number of its first entry. */
  readonly first: number;
  readonly entries: readonly Entry[];
  /** Values up to 64 KiB that its entries refer to, by digest. */
  readonly values: { readonly [digest: Digest]: Json };
  readonly prev: Digest;
  readonly hash: Digest;
}
