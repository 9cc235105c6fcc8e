import type { RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Fact, InputEventBody } from '../../run/run-event';
import type { WorkerDescription } from './worker-description';

/** Events of one execution in order: its facts, possibly followed by its end. */
export type Reported =
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'given'; readonly body: InputEventBody };

/** The contents of one report of an executor. */
export interface AssignmentReport {
  readonly type: 'assignment.reported';
  readonly runId: RunId;
  readonly assignment: string;
  readonly fence: number;
  /** Number of the report, from 1 under this fence. */
  readonly number: number;
  readonly worker: Pick<WorkerDescription, 'name' | 'version' | 'build' | 'probe'>;
  readonly reported: readonly Reported[];
  /** Outputs that are not in the object store, by digest. */
  readonly values: { readonly [digest: string]: Json };
  /** The assignment cannot be performed anywhere: all unanswered executions are lost. */
  readonly refused: boolean;
  /** HMAC of the other members under the workers' journal key, hexadecimal. */
  readonly mac: string;
}
