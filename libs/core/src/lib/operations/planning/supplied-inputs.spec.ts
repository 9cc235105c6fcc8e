import fc from 'fast-check';
import type { Json, JsonObject } from '../../foundation/json';
import { packInputs, unpackInputs, weighsLess } from './supplied-inputs';
import { searchedCases } from '../../../testing/runs-of-laws';

const items = Array.from({ length: 5_000 }, (_, i) => ({ i }));

describe('packInputs', () => {
  it('leaves inputs alone that are small together', () => {
    const inputs = { a: 1, list: [1, 2, { b: 'x' }] };
    expect(packInputs(inputs)).toEqual({ values: inputs, text: null });
  });

  it('makes a text of what is large, and keeps what is small beside it as values', () => {
    const report = { digest: `sha256:${'0'.repeat(64)}`, size: 1, name: 'n'.repeat(255), mediaType: 'm'.repeat(255) };
    const { values, text } = packInputs({ report, items, note: 'x'.repeat(2_000_000), dry: true });
    expect(values).toEqual({ report, dry: true });
    expect(Object.keys(JSON.parse(text ?? '') as JsonObject)).toEqual(['items', 'note']);
  });

  it('keeps no more than a thousand values, however small each is', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`i${i}`, i]));
    const packed = packInputs(many);
    expect(Object.keys(packed.values)).toHaveLength(1_000);
    expect(unpackInputs(packed)).toEqual(many);
  });

  it('loses nothing', () => {
    const value = fc.jsonValue({ maxDepth: 3 }).map((one) => one as Json);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (some) => {
        // fast-check makes keys that requests may not have.
        if ('__proto__' in some && Object.hasOwn(some, '__proto__')) return;
        const inputs = { ...some, large: items } as JsonObject;
        expect(unpackInputs(packInputs(inputs))).toEqual(inputs);
      }),
      searchedCases(10, 1_000),
    );
  });
});

describe('weighsLess', () => {
  it.each<[Json, number]>([
    [null, 1],
    [[1, [2, 3]], 5],
    [{ a: { b: [] } }, 3],
    ['x'.repeat(2_560), 11],
    [{ ['k'.repeat(2_560)]: 1 }, 12],
  ])('weighs %#', (value, weight) => {
    expect([weighsLess(value, weight), weighsLess(value, weight - 1)]).toEqual([true, false]);
  });
});
