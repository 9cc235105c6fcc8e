import * as fc from 'fast-check';
import { lawRuns } from '../../testing';
import { extended } from './extended';

const members = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'a', 'b', '0')),
  fc.jsonValue(),
  {
    noNullPrototype: true,
  },
);

describe('a copy with further members', () => {
  it('is what a spread makes, and leaves both as they were', () => {
    fc.assert(
      fc.property(members, members, (base, more) => {
        const before = JSON.stringify([base, more]);
        const copy = extended(base, more);
        const expected = { ...base, ...more };
        expect(JSON.stringify(copy)).toBe(JSON.stringify(expected));
        expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
        expect(JSON.stringify([base, more])).toBe(before);
      }),
      lawRuns(),
    );
  });

  it('gets no prototype from JSON', () => {
    const base = JSON.parse('{"__proto__":{"step":"another"},"type":"x"}') as object;
    const copy = extended(base, { at: 1 }) as { readonly step?: unknown };
    expect(copy.step).toBeUndefined();
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"step":"another"},"type":"x","at":1}');
  });
});
