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
function pageHash({ prev, first, entries }: Page): Digest {
  const hashed = texts.get(entries)?.hashed;
  if (hashed?.prev === prev && hashed.first === first) return hashed.hash;
  return hashOfText(prev, first, entriesText(entries));
}

/** The RFC 8785 text of a page's entries. */
export function entriesText(entries: readonly Entry[]): string {
  return texts.get(entries)?.text ?? canonical(entries as unknown as Json);
}

type Hashed = Pick<Page, 'prev' | 'first' | 'hash'>;

const texts = new WeakMap<readonly Entry[], { readonly text: string; readonly hashed: Hashed | null }>();

/**
 * Records the text that entries were read from, so that a chain is checked without spelling them again. The text of a bundle has been compared with
 * the entries. That of a stored page need not be: with a changed spelling its hash differs, whatever it says.
 *
 * @param hashed the hash that this process has computed over exactly this text
 */
export function knowText(entries: readonly Entry[], text: string, hashed: Hashed | null = null): void {
  texts.set(entries, { text, hashed });
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
  // In the order of the text, so that canonicalising moves nothing. Written out: V8 gives each copy to which a member is added a hidden class of
  // its own, and everything that reads it is slow.
  const numbered = entries.map(({ at, event, kind }, i) => ({ at, event, kind, seq: first + i })) as readonly Entry[];
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
 *
 * @param keepsTexts true: the texts of `knowText` are kept, for who writes the entries again
 */
export function checkChain(
  head: Head,
  pages: readonly Page[],
  since = 0,
  keepsTexts = false,
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
    if (page.hash !== pageHash(page)) return fail('hash');
    // The texts of a journal may have hundreds of megabytes.
    if (!keepsTexts) texts.delete(page.entries);
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
