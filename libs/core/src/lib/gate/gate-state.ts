import type { Digest } from '../foundation/ids';
import type { Subject } from '../foundation/principal';
import type { Deciders } from './deciders';

export type DecisionKind = 'approved' | 'rejected' | 'withdrawn';
/** How a gate ended. `closed`: the run ended or was cancelled first. */
export type GateOutcome = 'approved' | 'rejected' | 'expired' | 'closed';

/** What a gate asks for: copied from plan and profile when it opens. */
export interface GateRequirement {
  readonly approval: string;
  readonly grants: readonly string[];
  readonly minApprovals: number;
  readonly selfApproval: boolean;
  /** Programs that may act for a person who decides; absent: none. */
  readonly actors?: readonly Subject[];
}

/** One open gate: what was shown, until when, and who approved so far. */
export interface GateState {
  readonly gateDigest: Digest;
  readonly planHash: Digest;
  readonly requirement: GateRequirement;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly executeBy: number;
  /** Nobody of these decides, unless self-approval is allowed. */
  readonly initiators: readonly Subject[];
  readonly approvals: readonly GateApproval[];
}

export interface GateApproval {
  readonly decisionId: string;
  /** The persons that this approval uses up: the decider, the delegator if it was delegated, and persons who acted for them. */
  readonly persons: readonly Subject[];
}

/** A decision as far as counting goes; its envelope was verified before. */
export interface GateDecision extends Deciders {
  readonly decisionId: string;
  readonly gateDigest: Digest;
  readonly planHash: Digest;
  readonly decision: DecisionKind;
  readonly grants: readonly string[];
  /** When it was signed, database time in milliseconds: a decision made in time counts, however late it is read. */
  readonly decidedAt: number;
}
