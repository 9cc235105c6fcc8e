import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Entry, Page, Unnumbered } from './page';

/** Head of a journal: number of its last entry, hash of its last page (initially the admission digest). */
export interface Head {
  readonly seq: number;
  readonly hash: Digest;
}

/** The hash of a page: over the previous hash, the page's first number and the RFC 8785 text of its entries. */
function pageHash(prev: Digest, first: number, entries: readonly Entry[]): Digest {
  return hashOfText(prev, first, texts.get(entries) ?? canonical(entries as unknown as Json));
}

const texts = new WeakMap<readonly Entry[], string>();

/**
 * Records the text that entries were read from, so that a chain is checked without spelling them again. The text of a bundle has been compared with
 * the entries. That of a stored page need not be: with a changed spelling its hash differs, whatever it says.
 */
export function knowText(entries: readonly Entry[], text: string): void {
  texts.set(entries, text);
}

/** The same of a text that was not compared with entries. */
export function hashOfText(prev: Digest, first: number, text: string): Digest {
  return sha256(`${prev}\n${first}\n${text}`);
}

/** Numbers entries and builds the next page. `text` is the hashed text. */
export function chain(
  head: Head,
  entries: readonly Unnumbered[],
  values: Page['values'],
): { readonly page: Page; readonly head: Head; readonly text: string } {
  const first = head.seq + 1;
  // In the order of the text, so that canonicalising moves nothing.
  const numbered: readonly Entry[] = entries.map((entry, i) => ({ ...entry, seq: first + i }));
  const text = canonical(numbered as unknown as Json);
  const hash = hashOfText(head.hash, first, text);
  return {
    text,
    page: { first, entries: numbered, values, prev: head.hash, hash },
    head: { seq: head.seq + entries.length, hash },
  };
}

/** A break in a chain: the first page that does not follow its predecessor, and why. */
export interface Break {
  readonly first: number;
  readonly reason: 'gap' | 'prev' | 'hash' | 'value' | 'time';
}

/**
 * Checks pages in order from `head` on: numbers have no gaps, hashes are right, values match their digests, and times do not fall,
 * beginning with the entry before.
 */
export function checkChain(
  head: Head,
  pages: readonly Page[],
  since = 0,
): { readonly head: Head; readonly broken: Break | null } {
  let { seq, hash } = head;
  let at = since;
  for (const page of pages) {
    const fail = (reason: Break['reason']): { head: Head; broken: Break } => ({
      head: { seq, hash },
      broken: { first: page.first, reason },
    });
    if (page.first !== seq + 1) return fail('gap');
    if (page.prev !== hash) return fail('prev');
    if (page.hash !== pageHash(page.prev, page.first, page.entries)) return fail('hash');
    // Needed once: the texts of a journal may have hundreds of megabytes.
    texts.delete(page.entries);
    for (const entry of page.entries) {
      if (entry.seq !== ++seq) return fail('gap');
      if (entry.at < at) return fail('time');
      at = entry.at;
    }
    for (const [digest, value] of Object.entries(page.values))
      if (sha256(canonical(value)) !== digest) return fail('value');
    hash = page.hash;
  }
  return { head: { seq, hash }, broken: null };
}
