import type { Digest, StepId } from '../foundation/ids';

/**
 * A value by reference: states, events and pages never hold values. `value` is found by its digest beside the journal page
 * that brought it (up to 64 KiB) or in the object store; `children` stands for the outputs of a container's children (an
 * array by index for a map, an object by id for a parallel), its digest is over their digests.
 */
export type ValueRef =
  | { readonly kind: 'value'; readonly digest: Digest; readonly size: number }
  | { readonly kind: 'children'; readonly of: StepId; readonly count: number; readonly digest: Digest }
  | null;

/** A value that is a text, by reference. */
export type TextRef = Extract<ValueRef, { kind: 'value' }>;
