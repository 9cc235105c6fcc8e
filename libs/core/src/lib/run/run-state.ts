import type { RunId, StepId } from '../foundation/ids';
import type { PersistentMap } from '../foundation/persistent-map';
import type { Subject } from '../foundation/principal';
import type { ShownStatus, StepState } from '../step/step-state';
import type { ValueRef } from '../step/value-ref';
import type { RunEnd } from '../foundation/statuses';

/** The version of this machine: a journal names it; old versions stay until no retained journal needs them. */
export const MACHINE_VERSION = 1;

/** What ends the run before its steps do: the first of cancel, timeout, rejection, failure in journal order. */
export interface Ending {
  readonly status: RunEnd;
  readonly code: string;
  readonly step: StepId | null;
  /** No cleanup steps. */
  readonly force: boolean;
  /** Steps that run on failure run too (a gate or the engine ended the run), not only those that always run. */
  readonly failureSteps: boolean;
  /** Cleanup is stopped at this time, milliseconds since the epoch. */
  readonly cleanupBy: number;
}

/** The working set of a run: one entry per step that can still matter. */
export interface RunState {
  readonly runId: RunId;
  readonly initiators: readonly Subject[];
  /** A rerun: each leaf asks first whether a result of the original is taken over. */
  readonly reuses: boolean;
  readonly phase: 'queued' | 'running' | 'ended';
  readonly ending: Ending | null;
  readonly steps: PersistentMap<StepId, StepState>;
  /** When a step must be told the time, milliseconds since the epoch. */
  readonly wakes: PersistentMap<StepId, number>;
  readonly counts: { readonly [Status in ShownStatus]: number };
  /** Gates that wait for a decision. */
  readonly openGates: number;
  /** The run's own timeout, which stands still while only gates hold it up. */
  readonly timer: { readonly leftMs: number; readonly since: number | null };
  readonly result: {
    readonly status: RunEnd;
    readonly code: string | null;
    readonly step: StepId | null;
    readonly outputs: ValueRef;
  } | null;
}
