import type { PlanningSetting } from '@taskrunner/core/operations';

/** Policy engines besides CEL, by name, because functions cannot be passed to a thread. */
export type EngineName = 'cedar';

/** Start data of a thread. */
export interface ThreadContext {
  /** The setting without its engines. */
  readonly setting: PlanningSetting | null;
  readonly engines: readonly EngineName[];
}

/**
 * Kind of a request that holds several (`Question[]`). Its answer is that of each, in their order (`Said[]`); `left` for those that the thread
 * did not begin, because the others took a whole turn.
 */
export const SEVERAL = 'several';

/**
 * Length of a turn: time after which a thread begins no further question of a request that holds several, milliseconds. Whether a task is
 * slow is only known once it has begun, and other tenants wait for the whole request.
 */
export const TURN_MS = 20;

/** A request to a thread, which handles one at a time. */
export interface Question {
  readonly kind: string;
  readonly asked: unknown;
}

/** A message from a thread: ready, an answer, or a failure. */
export type Said =
  /** `thread`: the id by which the kernel counts its processor time; null: unknown. */
  | { readonly kind: 'ready'; readonly thread: number | null }
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'left' }
  /** A `RangeError`: nesting too deep, or texts too long for the machine. */
  | { readonly kind: 'outgrown' }
  | { readonly kind: 'failed'; readonly message: string };
