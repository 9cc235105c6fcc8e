import type { Derived, Fact, InputEventBody } from './run-event';

/** One event in a run's journal. Numbers are gapless from 1; `at` is database time in milliseconds, never falling. */
export type Entry = { readonly seq: number; readonly at: number } & (
  | { readonly kind: 'given'; readonly event: InputEventBody }
  | { readonly kind: 'derived'; readonly event: Derived }
  | { readonly kind: 'fact'; readonly event: Fact }
);

/** An event before it has its number. */
export type Unnumbered =
  | { readonly at: number; readonly kind: 'given'; readonly event: InputEventBody }
  | { readonly at: number; readonly kind: 'derived'; readonly event: Derived }
  | { readonly at: number; readonly kind: 'fact'; readonly event: Fact };
