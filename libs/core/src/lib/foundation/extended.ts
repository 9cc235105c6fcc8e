/**
 * A copy of `base` with further members, for code that runs for each step: equal to `{ ...base, ...more }`.
 *
 * V8 of Node.js 20 gives each object `{ ...base, more }` a hidden class of its own if `base` does not have the member: 2 us to make it and to
 * read it twice, in place of 0.2 us. Node.js 22 does not. Where the members are known, a literal with all of them is better still.
 */
export function extended<Base extends object, More extends object>(base: Base, more: More): Base & More {
  // `Object.assign` would take a member of this name, which JSON can have, for the prototype.
  if (Object.hasOwn(base, '__proto__') || Object.hasOwn(more, '__proto__')) return { ...base, ...more };
  return Object.assign({}, base, more);
}
