import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Derived, Fact, GivenBody } from '../run/run-event';

/** One event in a run's journal. Numbers are gapless from 1; `at` is database time in milliseconds, never falling. */
export type Entry = { readonly seq: number; readonly at: number } & (
  | { readonly kind: 'given'; readonly event: GivenBody }
  | { readonly kind: 'derived'; readonly event: Derived }
  | { readonly kind: 'fact'; readonly event: Fact }
);

/** An event before it has its number. */
export type Unnumbered =
  | { readonly at: number; readonly kind: 'given'; readonly event: GivenBody }
  | { readonly at: number; readonly kind: 'derived'; readonly event: Derived }
  | { readonly at: number; readonly kind: 'fact'; readonly event: Fact };

/**
 * One commit's part of the journal: one row, one hash. `hash` is sha256 over the page before, and the RFC 8785 text of the
 * entries; the first page's `prev` is the digest of the admission record. Values stand beside the chain by digest, so that
 * one may later be withheld.
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
