import type { Digest } from '../foundation/ids';
import type { ValueRef } from './value-ref';

/** A value that the run needs and cannot see. Asked by `advance`, answered by `binding`, journaled. */
export type Question = 'when' | 'items' | 'branch' | 'until' | 'outputs' | 'gate' | 'inputs';

export type Answer =
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'branch'; readonly index: number | null }
  | { readonly kind: 'items'; readonly items: ValueRef; readonly count: number }
  | { readonly kind: 'outputs'; readonly outputs: ValueRef }
  /** What an inner pack begins with. */
  | { readonly kind: 'inputs'; readonly inputs: ValueRef }
  | {
      readonly kind: 'gate';
      /** The gate request (documents.md), as a value. */
      readonly request: ValueRef;
      /** Its RFC 8785 digest. */
      readonly gateDigest: Digest;
      /** Decide-by, milliseconds since the epoch. */
      readonly expiresAt: number;
      /** Execute-by, milliseconds since the epoch. */
      readonly executeBy: number;
    }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };
