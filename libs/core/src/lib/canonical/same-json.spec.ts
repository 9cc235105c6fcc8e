import * as fc from 'fast-check';
import { canonical } from './canonical';
import { sameJson } from './same-json';
import { lawRuns } from '../../testing/runs-of-laws';

const small = fc.jsonValue({ maxDepth: 2 });

describe('sameness of values', () => {
  it('is that of their canonical texts', () => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(sameJson(a, b)).toBe(canonical(a as never) === canonical(b as never));
      }),
      lawRuns(),
    );
  });

  it('holds between a value and what is read of its text', () => {
    fc.assert(
      fc.property(small, (a) => {
        expect(sameJson(a, JSON.parse(canonical(a as never)))).toBe(true);
      }),
      lawRuns(),
    );
  });

  it.each<[unknown, unknown, boolean]>([
    [{ a: 1, b: [2, { c: null }] }, { b: [2, { c: null }], a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: undefined }, { b: undefined }, true],
    [-0, 0, true],
    [{ a: 1 }, { a: 1, b: null }, false],
    [{ a: 1, b: null }, { a: 1 }, false],
    [{ a: undefined }, { a: null }, false],
    [{}, { toString: 1 }, false],
    [{ toString: 1 }, {}, false],
    [[], {}, false],
    [{}, [], false],
    [{ 0: 1 }, [1], false],
    [[1], [1, 2], false],
    ['1', 1, false],
    [null, {}, false],
    [null, undefined, false],
  ])('of %j and %j: %s', (a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
  });
});
