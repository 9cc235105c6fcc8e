import type { PlanningSetting } from '@taskrunner/core/operations';

/** Engines of policies beside CEL, by their names: functions do not cross a thread. */
export type EngineName = 'cedar';

/** What a thread is started with. */
export interface ThreadContext {
  /** Without its engines. */
  readonly setting: PlanningSetting | null;
  readonly engines: readonly EngineName[];
}

/** What a thread is asked. One thing at a time. */
export interface Question {
  readonly kind: string;
  readonly asked: unknown;
}

/** What it says: that it is there, an answer, or why there is none. */
export type Said =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly answer: unknown }
  /** A `RangeError`: more levels or longer texts than the machine has room for. */
  | { readonly kind: 'outgrown' }
  | { readonly kind: 'failed'; readonly message: string };
