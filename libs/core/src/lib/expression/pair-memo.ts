/**
 * Memoises a function of two objects as long as the objects are reachable. Of an object and itself the result is that object. It is meant
 * for graphs with shared parts: visiting every path of two such graphs takes exponential time, visiting every pair of parts does not.
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
