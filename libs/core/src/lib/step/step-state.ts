import type { StepEnd } from '../foundation/statuses';
import type { Digest, StepId } from '../foundation/ids';
import type { PersistentMap } from '../foundation/persistent-map';
import type { PersistentQueue } from '../foundation/persistent-queue';
import type { GateState } from '../gate/gate-state';
import type { Question } from './question';
import type { ValueRef } from './value-ref';

export type StopCause = 'cancel' | 'sibling-failed' | 'attempt-timeout' | 'step-timeout' | 'gate';

/** The end of a step and its consequences for dependents. */
export interface Ended {
  readonly kind: 'ended';
  readonly status: StepEnd;
  readonly code: string | null;
  readonly outputs: ValueRef;
  readonly attempts: number;
  /** True if a step that states its `needs` may run after it. */
  readonly satisfied: boolean;
  /** True if it or a predecessor failed, and nothing made up for it: a later step of the list does not run. */
  readonly tainted: boolean;
  /** True if it is, or is guarded by, a gate that did not open: no cleanup passes it. */
  readonly blocked: boolean;
  /** Earliest execute-by of the approvals that guard it, milliseconds since the epoch. */
  readonly executeBy: number | null;
  /** The child whose failure failed the container. */
  readonly by: StepId | null;
}

/** The end of a step as far as it is known before its outputs are. */
interface Carry {
  readonly blocked: boolean;
  readonly executeBy: number | null;
}

/** Members of all containers: they hold counters and, of their children, only those that wait for a slot. */
export interface Container {
  /** Number of children that have not ended. */
  readonly open: number;
  /** Number of children that hold one of its slots. */
  readonly live: number;
  /** Children that wait for a slot, in order of their requests. */
  readonly ready: PersistentQueue<StepId>;
  /** True if it holds a slot of its own container. A container in which nothing is in progress returns it. */
  readonly granted: boolean;
  /** True if it has requested one. */
  readonly asked: boolean;
  readonly failures: number;
  readonly failed: StepId | null;
  readonly failedCode: string | null;
  readonly blocked: boolean;
  readonly stopping: StopCause | null;
  /** Timeout of the step, milliseconds since the epoch. */
  readonly endBy: number | null;
  /** Inherited from its predecessors: Ended.executeBy. */
  readonly executeBy: number | null;
}

/** State of a loop besides its counters. */
export interface Looping {
  /**
   * Between two iterations: `until` is being evaluated for the ended one, which is kept until the answer arrives; or the loop waits for its
   * delay until a time, milliseconds since the epoch. Null: an iteration is in progress, or about to begin.
   */
  readonly between:
    | { readonly kind: 'judging'; readonly item: StepId }
    | { readonly kind: 'delaying'; readonly until: number }
    | null;
  /** True if `until` was true. */
  readonly met: boolean;
  /** Outputs of the last ended iteration; null if it has none. */
  readonly last: ValueRef;
  /** The fault of `until`. */
  readonly message?: string;
}

/**
 * Every state a step can be in; each holds only what is true in it.
 *
 * - `pending`: waits for `waitsFor` siblings, then for a slot.
 * - `deciding`: a value is asked for (`when`, `items`, `inputs`, `gate`, `outputs`, `reuse`); leaves by the answer. `until` is asked in `repeat`.
 * - `running`: one execution of one attempt is under way; leaves by its outcome, or by the proof that it stopped.
 * - `delaying`, `retrying`: wait for a time; hold no slot.
 * - `attention`: a `once` step whose outcome is unknown; a person resolves it.
 * - `judging`: a policy is asked. `waiting`: an approval gate is open.
 * - `group`: root, group, parallel, branch, item or inner pack. `repeat`: map or loop; a loop waits for its delay in it, without a slot.
 */
export type StepState =
  | { readonly kind: 'pending'; readonly waitsFor: number }
  | {
      readonly kind: 'deciding';
      readonly question: Question;
      readonly busy: boolean;
      readonly carry: Carry | null;
    }
  | {
      readonly kind: 'running';
      readonly attempt: number;
      readonly execution: number;
      readonly stopping: StopCause | null;
      /** The assignment of the worker that executes it; null: its driver executes it. */
      readonly assignment: string | null;
      /** True if its driver released the run before it began. */
      readonly unbegun?: true;
      readonly deadlineAt: number | null;
      readonly endBy: number | null;
    }
  | {
      readonly kind: 'delaying';
      readonly attempt: number;
      readonly execution: number;
      readonly until: number;
      readonly endBy: number | null;
    }
  | {
      readonly kind: 'retrying';
      /** Number of the next attempt. */
      readonly attempt: number;
      readonly execution: number;
      readonly at: number;
      readonly code: string;
      /** True if its time has come and it has requested a slot: only its timeout wakes it now. */
      readonly queued: boolean;
      readonly endBy: number | null;
    }
  | { readonly kind: 'attention'; readonly attempt: number; readonly execution: number; readonly endBy: number | null }
  | { readonly kind: 'judging'; readonly policy: string }
  | { readonly kind: 'waiting'; readonly gate: GateState }
  | ({ readonly kind: 'group'; readonly branch: number } & Container)
  | ({
      readonly kind: 'repeat';
      readonly items: ValueRef;
      readonly count: number;
      /** Index of the next item to begin. */
      readonly next: number;
      /** Digest of each ended item's outputs by index; `''` if it has none. Empty for a loop that yields only the last item. */
      readonly results: PersistentMap<string, Digest | ''>;
      readonly succeeded: number;
      readonly skipped: number;
      /** Null of a map. */
      readonly loop: Looping | null;
    } & Container)
  | Ended;

export type Containing = Extract<StepState, { kind: 'group' | 'repeat' }>;

/** The status of a state for readers. */
export type ShownStatus = 'pending' | 'running' | 'waiting' | 'retrying' | 'needs_attention' | StepEnd;

/** A state as far as readers see it: of an end, what the journal says of it. */
export type ShownState = StepState | Pick<Ended, 'kind' | 'status' | 'code'>;

/** The status that readers see for a state. */
export function shownStatus(state: ShownState): ShownStatus {
  switch (state.kind) {
    case 'pending':
      return 'pending';
    case 'deciding':
    case 'running':
    case 'judging':
    case 'group':
      return 'running';
    case 'repeat':
      return state.loop?.between?.kind === 'delaying' ? 'waiting' : 'running';
    case 'delaying':
    case 'waiting':
      return 'waiting';
    case 'retrying':
      return 'retrying';
    case 'attention':
      return 'needs_attention';
    case 'ended':
      return state.status;
  }
}

/** True if the state holds a slot of its container. */
export function isBusy(state: StepState): boolean {
  switch (state.kind) {
    case 'running':
    case 'judging':
      return true;
    case 'deciding':
      return state.busy;
    case 'group':
    case 'repeat':
      return state.granted;
    default:
      return false;
  }
}
