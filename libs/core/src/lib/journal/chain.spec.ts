import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import type { Json } from '../foundation/json';
import { chain, checkChain, entriesText, knowText, type Head } from './chain';
import type { Page, Unnumbered } from './page';

const start: Head = { seq: 0, hash: digestOf('admission') };
const tick = (at: number): Unnumbered => ({ at, kind: 'given', event: { type: 'time.reached' } });

function journal(): { readonly pages: Page[]; readonly head: Head } {
  const first = chain(start, [tick(1), tick(2)], { [digestOf('v')]: 'v' });
  const second = chain(first.head, [tick(2)], {});
  const third = chain(second.head, [tick(5), tick(5), tick(6)], {});
  return { pages: [first.page, second.page, third.page], head: third.head };
}

describe('a chain of pages', () => {
  it('numbers entries without a gap and ends where it says', () => {
    const { pages, head } = journal();
    expect(pages.flatMap((page) => page.entries.map(({ seq }) => seq))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(checkChain(start, pages)).toEqual({ head, broken: null });
    expect(checkChain(start, pages.slice(0, 2)).head.seq).toBe(3);
  });

  it.each<[string, (pages: Page[]) => Page[], string, number]>([
    [
      'another admission',
      (pages) => pages.map((page, i) => (i === 0 ? { ...page, prev: digestOf('other') } : page)),
      'prev',
      1,
    ],
    ['a page that is missing', ([a, , c]) => [a, c] as Page[], 'gap', 4],
    ['pages in another order', ([a, b, c]) => [a, c, b] as Page[], 'gap', 4],
    [
      'an entry that was edited',
      ([a, b, c]) => [a, { ...(b as Page), entries: [{ seq: 3, ...tick(3) }] }, c] as Page[],
      'hash',
      3,
    ],
    [
      'an entry that was added',
      ([a, b, c]) => [a, { ...(b as Page), entries: [...(b as Page).entries, { seq: 4, ...tick(3) }] }, c] as Page[],
      'hash',
      3,
    ],
    [
      'a value that was swapped',
      ([a, b, c]) => [{ ...(a as Page), values: { [digestOf('v')]: 'w' } }, b, c] as Page[],
      'value',
      1,
    ],
  ])('finds %s', (_what, edit, reason, first) => {
    expect(checkChain(start, edit(journal().pages)).broken).toEqual({ first, reason });
  });

  it('finds a time that falls, even if the hashes are right', () => {
    const first = chain(start, [tick(5)], {});
    const second = chain(first.head, [tick(4)], {});
    expect(checkChain(start, [first.page, second.page]).broken).toEqual({ first: 2, reason: 'time' });
    expect(checkChain(first.head, [second.page], 5).broken).toEqual({ first: 2, reason: 'time' });
    expect(checkChain(first.head, [second.page], 4).broken).toBeNull();
  });

  it('uses the hash that this process has computed, but only for its own place', () => {
    const { pages } = journal();
    const [first] = pages as [Page, ...Page[]];
    knowText(first.entries, 'a text of which the hash is not computed', first);
    expect(checkChain(start, pages).broken).toBeNull();
    knowText(first.entries, 'another text', { ...first, prev: digestOf('other') });
    expect(checkChain(start, pages).broken).toEqual({ first: 1, reason: 'hash' });
    knowText(first.entries, 'another text', { ...first, first: 2 });
    expect(checkChain(start, pages).broken).toEqual({ first: 1, reason: 'hash' });
  });

  it('keeps the texts of entries for who writes them again, and for nobody else', () => {
    const { pages } = journal();
    const text = canonical(pages[0]?.entries as unknown as Json);
    const [copy] = JSON.parse(JSON.stringify(pages)) as [Page];
    knowText(copy.entries, `${text} `, copy);
    checkChain(start, [copy], 0, true);
    expect(entriesText(copy.entries)).toBe(`${text} `);
    checkChain(start, [copy]);
    expect(entriesText(copy.entries)).toBe(text);
  });
});
