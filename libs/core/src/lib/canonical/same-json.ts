type Members = Readonly<Record<string, unknown>>;

/** Whether two values have one RFC 8785 text, found without writing it: members in any order, those that are undefined left out, one zero. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  return !Array.isArray(a) && !Array.isArray(b) && sameMembers(a as Members, b as Members);
}

function sameMembers(a: Members, b: Members): boolean {
  let left = 0;
  for (const name of Object.keys(a)) {
    if (a[name] === undefined) continue;
    if (!Object.hasOwn(b, name) || !sameJson(a[name], b[name])) return false;
    left++;
  }
  for (const name of Object.keys(b)) if (b[name] !== undefined) left--;
  return left === 0;
}
