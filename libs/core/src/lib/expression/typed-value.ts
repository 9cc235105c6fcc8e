import { ANY_TYPE, joinTypes, type StaticType } from './static-type';
import type { SyntaxNode } from './syntax';

/** What an expression reads: a root (`inputs`, `steps`, `item` …) and the path below it; null stands for any element or member. */
export interface Reference {
  readonly root: string;
  readonly path: readonly (string | number | null)[];
  /** UTF-16 offset in the text that was parsed. */
  readonly offset: number;
}

/** Where a value comes from: `root` null is the scope itself, whose members are the roots. */
export type Origin = { readonly root: null } | Reference;
/** A value before it is there. */
export interface TypedValue {
  readonly type: StaticType;
  /** Null: made here, from things already counted as read. */
  readonly origin: Origin | null;
}
/** What `let` has bound. */
export type Variables = ReadonlyMap<string, TypedValue>;

/** Where a part of the text begins: a path stands at its last step. */
export function beginningOf(node: SyntaxNode): number {
  return 'left' in node ? Math.min(node.at, beginningOf(node.left)) : node.at;
}

/** A value made here. */
export const made = (type: StaticType): TypedValue => ({ type, origin: null });

/** Where a member or element of it comes from. */
export function below(origin: Origin | null, step: string | number | null, offset: number): Origin | null {
  if (origin === null) return null;
  if (origin.root !== null) return { ...origin, path: [...origin.path, step] };
  return typeof step === 'string' ? { root: step, path: [], offset } : null;
}

/** True if what comes from `origin` shows that `by` was read. */
export function extendsOrigin(origin: Origin | null, by: Reference): boolean {
  return origin !== null && origin.root === by.root && by.path.every((step, place) => origin.path[place] === step);
}

/** The type of the elements of a list of these, made flat. */
export function flattened(items: StaticType): StaticType {
  if (!items.kinds.includes('array')) return items;
  const inner = items.items ?? ANY_TYPE;
  const others = items.kinds.filter((kind) => kind !== 'array');
  return others.length === 0 ? inner : joinTypes(inner, { ...items, kinds: others });
}
