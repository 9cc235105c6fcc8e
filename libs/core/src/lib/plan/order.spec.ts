import fc from 'fast-check';
import { ancestors } from '../graph/graph';
import { Order, type Sibling } from './order';
import { searchedCases } from '../../testing/runs-of-laws';

const list = (...siblings: readonly (readonly [string, readonly string[] | null])[]): readonly Sibling[] =>
  siblings.map(([id, needs]) => ({ id, needs }));

describe('the order of a list', () => {
  it.each([
    ['one after the other', list(['a', null], ['b', null], ['c', null]), [[], ['a'], ['b']]],
    [
      'after all that nobody waited for',
      list(['a', []], ['b', []], ['c', null], ['d', null]),
      [[], [], ['a', 'b'], ['c']],
    ],
    [
      'stated needs alone, sorted and once',
      list(['b', []], ['a', []], ['c', ['b', 'a', 'b']], ['d', []], ['e', null]),
      [[], [], ['a', 'b'], [], ['c', 'd']],
    ],
    ['a need that stands later', list(['a', ['c']], ['b', []], ['c', []], ['d', null]), [['c'], [], [], ['a', 'b']]],
  ])('%s', (_, siblings, needs) => {
    expect(new Order(siblings, false).needs).toEqual(needs);
  });

  it('lets children of parallel start together unless they state needs', () => {
    expect(new Order(list(['a', null], ['b', null], ['c', ['a']]), true).needs).toEqual([[], [], ['a']]);
  });

  it('sees a circle that only the order of the list closes', () => {
    const order = new Order(list(['a', ['d']], ['b', []], ['c', null], ['d', ['c']]), false);
    expect(order.cycle).toEqual(['a', 'd', 'c', 'a']);
    expect(order.waitsFor(2, 0)).toBe(false);
  });

  it('agrees with a walk over the arrows, and an unstated step waits for all before it', () => {
    const siblings = fc.array(fc.option(fc.array(fc.nat(40), { maxLength: 4 })), { maxLength: 60 }).map((needs) =>
      needs.map((stated, place): Sibling => ({
        id: `s${place}`,
        needs:
          stated === null || place === 0
            ? stated === null
              ? null
              : []
            : [...new Set(stated.map((one) => `s${one % place}`))],
      })),
    );
    fc.assert(
      fc.property(siblings, (all) => {
        const order = new Order(all, false);
        const graph = new Map(all.map(({ id }, place) => [id, order.needs[place] ?? []]));
        all.forEach((later, place) => {
          const before = ancestors(graph, later.id);
          all.forEach((earlier, other) => {
            expect(order.waitsFor(place, other)).toBe(before.has(earlier.id));
            if (later.needs === null && other < place) expect(order.waitsFor(place, other)).toBe(true);
          });
        });
      }),
      searchedCases(200, 2_000),
    );
  });
});
