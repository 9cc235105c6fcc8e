import type { StepEnd } from '../foundation/statuses';
import type { Digest, StepId } from '../foundation/ids';
import type { PersistentMap } from '../foundation/persistent-map';
import type { PersistentQueue } from '../foundation/persistent-queue';
import type { GateState } from '../gate/gate-state';
import type { Question } from './question';
import type { ValueRef } from './value-ref';

export type StopCause = 'cancel' | 'sibling-failed' | 'attempt-timeout' | 'step-timeout' | 'gate';

/** How a step ended and what that means for those that wait for it. */
export interface Ended {
  readonly kind: 'ended';
  readonly status: StepEnd;
  readonly code: string | null;
  readonly outputs: ValueRef;
  readonly attempts: number;
  /** A step that states its `needs` may run after it. */
  readonly satisfied: boolean;
  /** It, or something it waited for, failed unhealed: a later step of the list does not run. */
  readonly tainted: boolean;
  /** It is, or stands behind, a gate that did not open: no cleanup passes it. */
  readonly blocked: boolean;
  /** Execute-by of the approvals it stands behind, milliseconds since the epoch. */
  readonly executeBy: number | null;
  /** The child by whose failure a container failed. */
  readonly by: StepId | null;
}

/** What the end of a step will say, known before its outputs are. */
interface Carry {
  readonly blocked: boolean;
  readonly executeBy: number | null;
}

/** What containers share: they hold counters, and of their children only those that wait for a slot. */
export interface Container {
  /** Children not ended. */
  readonly open: number;
  /** Children that hold one of its slots. */
  readonly live: number;
  /** Children that wait for a slot, in the order they asked. */
  readonly ready: PersistentQueue<StepId>;
  /** It holds a slot of its own container; a container in which nothing is under way gives it back. */
  readonly granted: boolean;
  /** It has asked for one. */
  readonly asked: boolean;
  readonly failures: number;
  readonly failed: StepId | null;
  readonly failedCode: string | null;
  readonly blocked: boolean;
  readonly stopping: StopCause | null;
  /** Timeout of the step, milliseconds since the epoch. */
  readonly endBy: number | null;
  /** Inherited from what it waited for: Ended.executeBy. */
  readonly executeBy: number | null;
}

/** What a loop knows beside its counters. */
export interface Looping {
  /**
   * Between two iterations: `until` is asked of the one that ended, which stays until the answer is in; or the delay is waited
   * for until a time, milliseconds since the epoch. Null: an iteration is under way, or about to be.
   */
  readonly between:
    | { readonly kind: 'judging'; readonly item: StepId }
    | { readonly kind: 'delaying'; readonly until: number }
    | null;
  /** `until` held. */
  readonly met: boolean;
  /** Outputs of the last iteration that ended; null where it has none. */
  readonly last: ValueRef;
  /** What was wrong with `until`. */
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
      /** The assignment by which another worker has it; null: its driver has it. */
      readonly assignment: string | null;
      /** Its driver gave the run back before it began. */
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
      /** The attempt to come. */
      readonly attempt: number;
      readonly execution: number;
      readonly at: number;
      readonly code: string;
      /** Its time has come and it has asked for a slot: only its timeout wakes it now. */
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
      /** Digest of each ended item's outputs by index; `''` where it has none. Of a loop that yields the last: empty. */
      readonly results: PersistentMap<string, Digest | ''>;
      readonly succeeded: number;
      readonly skipped: number;
      /** Null of a map. */
      readonly loop: Looping | null;
    } & Container)
  | Ended;

export type Containing = Extract<StepState, { kind: 'group' | 'repeat' }>;

/** How readers name a state. */
export type ShownStatus = 'pending' | 'running' | 'waiting' | 'retrying' | 'needs_attention' | StepEnd;

/** The status that readers see for a state. */
export function shownStatus(state: StepState): ShownStatus {
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
