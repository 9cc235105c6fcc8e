import type { RunId, StepId } from '../foundation/ids';
import type { PersistentMap } from '../foundation/persistent-map';
import type { Subject } from '../foundation/principal';
import type { ShownStatus, StepState } from '../step/step-state';
import type { MessageQuestion } from '../step/question';
import type { ValueRef } from '../step/value-ref';
import type { RunEnd } from '../foundation/statuses';
import type { SaidMessage } from './run-event';

/** The version of the machine for new runs. It is in the environment of each run. */
export const MACHINE_VERSION = 2;

/**
 * True if this build has that version. A version is kept as long as a retained journal needs it, because a replay of that journal must
 * derive what is in it (ADR 106).
 *
 * - 1: a step that has not begun is skipped at once when its container is stopped, even if its needs have not ended. The
 *   timeout of cleanup counts from the cancellation.
 * - 2: it is skipped when its needs have ended. Lists that are cleanup are stopped by their own timeouts and failures. The timeout of
 *   cleanup counts from the end of the time in which steps are stopped.
 */
export function hasMachine(version: number): boolean {
  return version === 1 || version === MACHINE_VERSION;
}

/** What ends the run before its steps do: the first of cancellation, timeout, rejection and failure in journal order. */
export interface Ending {
  readonly status: RunEnd;
  readonly code: string;
  readonly step: StepId | null;
  /** True if no cleanup steps run. */
  readonly force: boolean;
  /** True if steps that run on failure run too (a gate or the engine ended the run), and not only those that always run. */
  readonly failureSteps: boolean;
  /** Time at which cleanup is stopped, milliseconds since the epoch. */
  readonly cleanupBy: number;
}

/** The working set of a run: one entry per step that can still matter. */
export interface RunState {
  readonly runId: RunId;
  readonly initiators: readonly Subject[];
  /** A rerun: for each leaf it first checks whether a result of the original is reused. */
  readonly reuses: boolean;
  readonly phase: 'queued' | 'running' | 'ended';
  readonly ending: Ending | null;
  readonly steps: PersistentMap<StepId, StepState>;
  /** Timers of steps, milliseconds since the epoch. */
  readonly wakes: PersistentMap<StepId, number>;
  readonly counts: { readonly [Status in ShownStatus]: number };
  /** Gates that wait for a decision. */
  readonly openGates: number;
  /** The run's own timeout, which is suspended while only gates hold the run up. */
  readonly timer: { readonly leftMs: number; readonly since: number | null };
  /** The message that was asked for: all steps have ended, and the run ends with the answer. */
  readonly closing: MessageQuestion | null;
  readonly result:
    | ({
        readonly status: RunEnd;
        readonly code: string | null;
        readonly step: StepId | null;
        readonly outputs: ValueRef;
      } & SaidMessage)
    | null;
}
