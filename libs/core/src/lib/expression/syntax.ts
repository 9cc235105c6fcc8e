import type { Json } from '../foundation/json';

/** Operators between two values, in canonical spelling. */
export type BinaryOperator = 'or' | 'and' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '//' | '%';

/** The kind of a projection. */
export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'values' }
  | { readonly kind: 'flatten' }
  | {
      readonly kind: 'slice';
      readonly start: number | null;
      readonly stop: number | null;
      readonly step: number | null;
    }
  | { readonly kind: 'filter'; readonly condition: SyntaxNode };

/** A member of `{name: value}`. */
export interface HashEntry {
  readonly name: string;
  readonly value: SyntaxNode;
}

/** A binding of `let $name = value in …`. */
export interface LetBinding {
  readonly name: string;
  readonly value: SyntaxNode;
}

type Shapes = {
  literal: { readonly value: Json };
  /** `quoted`: written as `"name"`, which may have been meant as `'name'`. `dotted`: after a dot, so it cannot refer to a root. */
  field: { readonly name: string; readonly quoted: boolean; readonly dotted: boolean };
  current: object;
  root: object;
  variable: { readonly name: string };
  sub: { readonly left: SyntaxNode; readonly right: SyntaxNode };
  index: { readonly left: SyntaxNode; readonly index: number };
  project: { readonly selection: Selection; readonly left: SyntaxNode; readonly right: SyntaxNode };
  list: { readonly items: readonly SyntaxNode[] };
  hash: { readonly entries: readonly HashEntry[] };
  call: { readonly name: string; readonly args: readonly SyntaxNode[] };
  reference: { readonly body: SyntaxNode };
  not: { readonly operand: SyntaxNode };
  sign: { readonly negative: boolean; readonly operand: SyntaxNode };
  binary: { readonly operator: BinaryOperator; readonly left: SyntaxNode; readonly right: SyntaxNode };
  pipe: { readonly left: SyntaxNode; readonly right: SyntaxNode };
  choice: { readonly condition: SyntaxNode; readonly yes: SyntaxNode; readonly no: SyntaxNode };
  let: { readonly bindings: readonly LetBinding[]; readonly body: SyntaxNode };
};

/** A node of a parsed expression. `at` is its UTF-16 offset in the parsed text. */
export type SyntaxNode = { [K in keyof Shapes]: { readonly kind: K; readonly at: number } & Shapes[K] }[keyof Shapes];
/** The node of one kind. */
export type NodeOf<Kind extends SyntaxNode['kind']> = Extract<SyntaxNode, { kind: Kind }>;

/**
 * Words that are operators or literals at the beginning of a value. A field with such a name is written in double quotes, or after a dot.
 */
const RESERVED_WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'true', 'false', 'null', 'let', 'in']);

const BARE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True if a field of this name can stand at the beginning of a path without quotes. */
export function isBareName(name: string): boolean {
  return BARE.test(name) && !RESERVED_WORDS.has(name);
}
