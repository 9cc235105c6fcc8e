import type { StaticType } from './static-type';

/**
 * The same function of two types, which remembers its results while the types live. Types are graphs whose parts are shared: a walk over
 * every path of two of them would take time beyond all bounds, a walk over every pair of parts does not.
 */
export function remembered(
  combine: (a: StaticType, b: StaticType) => StaticType,
): (a: StaticType, b: StaticType) => StaticType {
  const results = new WeakMap<StaticType, WeakMap<StaticType, StaticType>>();
  return (a, b) => {
    if (a === b) return a;
    let known = results.get(a);
    if (known === undefined) results.set(a, (known = new WeakMap<StaticType, StaticType>()));
    const found = known.get(b);
    if (found !== undefined) return found;
    const made = combine(a, b);
    known.set(b, made);
    return made;
  };
}
