/**
 * The same function of two values, which remembers its results while the values live; of a value and itself it is that value. For graphs
 * whose parts are shared: a walk over every path of two of them would take time beyond all bounds, a walk over every pair of parts does not.
 */
export function remembered<T extends object>(combine: (a: T, b: T) => T): (a: T, b: T) => T {
  const results = new WeakMap<T, WeakMap<T, T>>();
  return (a, b) => {
    if (a === b) return a;
    let known = results.get(a);
    if (known === undefined) results.set(a, (known = new WeakMap<T, T>()));
    const found = known.get(b);
    if (found !== undefined) return found;
    const made = combine(a, b);
    known.set(b, made);
    return made;
  };
}
