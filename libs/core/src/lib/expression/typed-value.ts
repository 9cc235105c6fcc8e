import { ANY_TYPE, joinTypes, type StaticType } from './static-type';
import type { SyntaxNode } from './syntax';

/** A path that an expression reads: a root (`inputs`, `steps`, `item` …) and the path below it. Null is any element or member. */
export interface Reference {
  readonly root: string;
  readonly path: readonly (string | number | null)[];
  /** UTF-16 offset in the parsed text. */
  readonly offset: number;
}

/** The origin of a value. If `root` is null it is the scope itself, whose members are the roots. */
export type Origin = { readonly root: null } | Reference;
/** A value during static analysis. */
export interface TypedValue {
  readonly type: StaticType;
  /** Null: the value was computed here, from parts that already count as read. */
  readonly origin: Origin | null;
}
/** Variables bound by `let`. */
export type Variables = ReadonlyMap<string, TypedValue>;

/** Offset at which a part of the text begins; of a path, the offset of its last step. */
export function beginningOf(node: SyntaxNode): number {
  return 'left' in node ? Math.min(node.at, beginningOf(node.left)) : node.at;
}

/** A computed value. */
export const made = (type: StaticType): TypedValue => ({ type, origin: null });

/** The origin of a member or element of the value. */
export function below(origin: Origin | null, step: string | number | null, offset: number): Origin | null {
  if (origin === null) return null;
  if (origin.root !== null) return { ...origin, path: [...origin.path, step] };
  return typeof step === 'string' ? { root: step, path: [], offset } : null;
}

/** True if a value from `origin` is evidence that `by` was read. */
export function extendsOrigin(origin: Origin | null, by: Reference): boolean {
  return origin !== null && origin.root === by.root && by.path.every((step, place) => origin.path[place] === step);
}

/** The element type after flattening a list of these elements. */
export function flattened(items: StaticType): StaticType {
  if (!items.kinds.includes('array')) return items;
  const inner = items.items ?? ANY_TYPE;
  const others = items.kinds.filter((kind) => kind !== 'array');
  return others.length === 0 ? inner : joinTypes(inner, { ...items, kinds: others });
}
