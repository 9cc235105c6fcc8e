import type { RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Fact, InputEventBody } from '../../run/run-event';
import type { WorkerDescription } from './worker-description';

/** What happened in one execution, in order: its facts, then perhaps its end. */
export type Reported =
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'given'; readonly body: InputEventBody };

/** What one report of an executor holds. */
export interface AssignmentReport {
  readonly type: 'assignment.reported';
  readonly runId: RunId;
  readonly assignment: string;
  readonly fence: number;
  /** From 1 under this fence. */
  readonly number: number;
  readonly worker: Pick<WorkerDescription, 'name' | 'version' | 'build' | 'probe'>;
  readonly reported: readonly Reported[];
  /** Outputs by digest, of those that are not in the object store. */
  readonly values: { readonly [digest: string]: Json };
  /** The assignment cannot be performed here or anywhere: all that is not answered is lost. */
  readonly refused: boolean;
  /** HMAC of the rest under the workers' journal key, hexadecimal. */
  readonly mac: string;
}
