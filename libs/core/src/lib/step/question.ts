import type { Digest, RunId } from '../foundation/ids';
import type { TextRef, ValueRef } from './value-ref';

/** A value that the run needs and cannot see. `advance` requests it, `binding` computes it, and the answer is journaled. */
export type Question =
  | 'when'
  | 'items'
  | 'branch'
  | 'until'
  | 'outputs'
  | 'gate'
  | 'inputs'
  | 'reuse'
  | MessageQuestion;

/** The message of the run, asked of the root when all steps have ended: `success.message` or `failure.message` of the pack. */
export type MessageQuestion = 'successMessage' | 'failureMessage';

/** The reused result of another run: of its step with the same id. */
export interface ReusedStep {
  readonly run: RunId;
  /** Digest of the step's record in that run's evidence: its line of `steps.ndjson`. */
  readonly digest: Digest;
}

export type Answer =
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'branch'; readonly index: number | null }
  | { readonly kind: 'items'; readonly items: ValueRef; readonly count: number }
  | { readonly kind: 'outputs'; readonly outputs: ValueRef }
  /** The message of the run, a text. */
  | { readonly kind: 'message'; readonly message: TextRef }
  /** The frozen inputs of an inner pack. */
  | { readonly kind: 'inputs'; readonly inputs: ValueRef }
  | {
      readonly kind: 'gate';
      /** The gate request (docs/predicates/records.md), as a value. */
      readonly request: ValueRef;
      /** Its RFC 8785 digest. */
      readonly gateDigest: Digest;
      /** Decide-by, milliseconds since the epoch. */
      readonly expiresAt: number;
      /** Execute-by, milliseconds since the epoch. */
      readonly executeBy: number;
    }
  /** The reused result, in place of starting the leaf; without a source the leaf is started. */
  | { readonly kind: 'reuse'; readonly source: ReusedStep | null; readonly outputs: ValueRef }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };
