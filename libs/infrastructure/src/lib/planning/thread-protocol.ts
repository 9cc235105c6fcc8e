import type { PlanningSetting } from '@taskrunner/core/operations';

/** Policy engines besides CEL, by name, because functions cannot be passed to a thread. */
export type EngineName = 'cedar';

/** Start data of a thread. */
export interface ThreadContext {
  /** Without its engines. */
  readonly setting: PlanningSetting | null;
  readonly engines: readonly EngineName[];
}

/** A question to a thread. One at a time. */
export interface Question {
  readonly kind: string;
  readonly asked: unknown;
}

/** A message of a thread: it is ready, an answer, or why there is none. */
export type Said =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly answer: unknown }
  /** A `RangeError`: more nesting or longer texts than the machine has room for. */
  | { readonly kind: 'outgrown' }
  | { readonly kind: 'failed'; readonly message: string };
