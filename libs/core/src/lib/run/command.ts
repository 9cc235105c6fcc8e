import type { StepId } from '../foundation/ids';
import type { Question } from '../step/question';

type StopReason = 'cancel' | 'sibling-failed' | 'attempt-timeout' | 'step-timeout' | 'gate';

/** Actions that `advance` requests. `ahead`: it may be performed before the commit, because the node is pure. */
export type Command =
  | {
      readonly type: 'start';
      readonly step: StepId;
      readonly attempt: number;
      readonly execution: number;
      readonly ahead: boolean;
    }
  | {
      readonly type: 'stop';
      readonly step: StepId;
      readonly execution: number;
      readonly reason: StopReason;
      readonly ahead: false;
    }
  | { readonly type: 'answer'; readonly step: StepId; readonly question: Question; readonly ahead: true }
  | { readonly type: 'judge'; readonly step: StepId; readonly policy: string; readonly ahead: boolean };
