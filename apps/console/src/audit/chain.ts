import type { AuditEntry } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { digestOf } from '../approvals/canonical';

/** What the browser found out about entries that follow each other. */
type ChainCheck =
  | { readonly kind: 'intact' }
  /** The number of the first entry whose hash is not that of its content, or that does not follow the one before it. */
  | { readonly kind: 'broken'; readonly seq: number };

/** Computes the hash of each entry, and compares it with the one that is stated and with what the next entry names. */
export async function checkChain(entries: readonly AuditEntry[]): Promise<ChainCheck> {
  let before: AuditEntry | null = null;
  for (const entry of entries) {
    const { at, event, prev, seq, hash } = entry;
    const content = { at, event, prev, seq } as unknown as Json;
    const follows = before === null || (prev === before.hash && seq === before.seq + 1);
    if (!follows || (await digestOf(content)) !== hash) return { kind: 'broken', seq };
    before = entry;
  }
  return { kind: 'intact' };
}
