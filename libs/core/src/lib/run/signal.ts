import type { StepId } from '../foundation/ids';
import type { StopCause } from '../step/step-state';

/**
 * How steps communicate within a turn: through a work list, never by recursion. A signal is checked on arrival, because the step may have
 * moved on meanwhile. Down: `begin`, `stop`. Up: `ended`, `idle`, `ready`.
 */
export type Signal =
  /** Its container has given it a slot. */
  | { readonly type: 'begin'; readonly step: StepId }
  /** `from`: the container whose stop it belongs to. Cleanup below that one is not stopped. */
  | { readonly type: 'stop'; readonly step: StepId; readonly cause: StopCause; readonly from: StepId }
  | { readonly type: 'ended'; readonly step: StepId; readonly wasBusy: boolean }
  /** It has returned its slot. */
  | { readonly type: 'idle'; readonly step: StepId }
  /** It wants a slot. */
  | { readonly type: 'ready'; readonly step: StepId };
