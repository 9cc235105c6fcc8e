import { canonical } from '../../lib/canonical/canonical';
import type { Json } from '../../lib/foundation/json';
import { hashOfText, type Head } from '../../lib/journal/chain';
import type { Entry, Page, Unnumbered } from '../../lib/journal/page';

/** The next page, with all members of its entries, also those that the product does not know. */
export function chained(head: Head, entries: readonly Unnumbered[], values: Page['values']): Page {
  const first = head.seq + 1;
  const numbered: readonly Entry[] = entries.map((entry, i) => ({ ...entry, seq: first + i }));
  const hash = hashOfText(head.hash, first, canonical(numbered as unknown as Json));
  return { first, entries: numbered, values, prev: head.hash, hash };
}
