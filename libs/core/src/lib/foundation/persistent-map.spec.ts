import fc from 'fast-check';
import { PersistentMap } from './persistent-map';
import { lawRuns } from '../../testing/runs-of-laws';

describe('PersistentMap', () => {
  it('behaves like a Map for any sequence of writes and removals', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'Aa', 'BB'), fc.string());
    const write = fc.record({ key, value: fc.option(fc.integer()) });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 200 }), (writes) => {
        const model = new Map<string, number>();
        let map = PersistentMap.empty<string, number>();
        for (const { key, value } of writes) {
          if (value === null) {
            model.delete(key);
            map = map.without(key);
          } else {
            model.set(key, value);
            map = map.with(key, value);
          }
        }
        expect(map.size).toBe(model.size);
        expect(map.entries()).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
        for (const key of model.keys()) expect(map.get(key)).toBe(model.get(key));
      }),
      lawRuns(),
    );
  });

  it('never changes a map that was handed out', () => {
    const before = PersistentMap.of<string, number>([['a', 1]]);
    before.with('a', 2).with('b', 3).without('a');
    expect(before.entries()).toEqual([['a', 1]]);
  });
});
