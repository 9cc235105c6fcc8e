import type { Json } from '../foundation/json';
import type { ExpressionErrorCode } from './expression-fault';
import type { Meter } from './meter';
import type { StaticType, ValueKind } from './static-type';

/** An argument `&expression`: applied to one element. */
export type Selector = (element: Json) => Json;

/** Permitted arguments at one position of a function. */
export type Parameter =
  /** A value of one of `kinds`; if it is an array, with elements of one of `items`. */
  | {
      readonly kind: 'value';
      readonly kinds: readonly ValueKind[];
      readonly items?: readonly ValueKind[];
      readonly optional?: boolean;
    }
  /** An `&expression` over the elements of the argument at position `over`; it yields one of `kinds`. */
  | { readonly kind: 'selector'; readonly over: number; readonly kinds: readonly ValueKind[] };

/** One call: the values by position, and the selector if the function has one. */
export interface Call {
  readonly values: readonly Json[];
  readonly select: Selector;
  readonly meter: Meter;
  /** Throws an error about the call. */
  readonly refuse: (code: ExpressionErrorCode, message: string, remediation: string) => never;
}

/** A function of the pack language. */
export interface FunctionSpec {
  readonly parameters: readonly Parameter[];
  /** The last parameter may be repeated; it is required at least once. */
  readonly variadic?: boolean;
  /** The type of the result, from the types of the arguments (of a selector: of its results). */
  readonly result: (args: readonly StaticType[]) => StaticType;
  readonly call: (call: Call) => Json;
}
