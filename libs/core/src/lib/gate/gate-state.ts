import type { Digest } from '../foundation/ids';
import type { Subject } from '../foundation/principal';
import type { Deciders } from './deciders';

export type DecisionKind = 'approved' | 'rejected' | 'withdrawn';
/** How a gate ended. `closed`: the run ended or was cancelled first. */
export type GateOutcome = 'approved' | 'rejected' | 'expired' | 'closed';

/** The requirements of a gate, copied from plan and profile when it opens. */
export interface GateRequirement {
  readonly approval: string;
  readonly grants: readonly string[];
  readonly minApprovals: number;
  readonly selfApproval: boolean;
  /** Programs that may act for a person who decides; absent: none. */
  readonly actors?: readonly Subject[];
}

/** An open gate: what was shown, its deadline, and the approvals so far. */
export interface GateState {
  readonly gateDigest: Digest;
  readonly planHash: Digest;
  readonly requirement: GateRequirement;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly executeBy: number;
  /** None of these may decide, unless self-approval is allowed. */
  readonly initiators: readonly Subject[];
  readonly approvals: readonly GateApproval[];
}

export interface GateApproval {
  readonly decisionId: string;
  /**
   * The persons who cannot approve again after this approval: the decider, the delegator if it was delegated, and persons who acted for
   * them.
   */
  readonly persons: readonly Subject[];
}

/** The parts of a decision that counting needs. Its envelope was verified before. */
export interface GateDecision extends Deciders {
  readonly decisionId: string;
  readonly gateDigest: Digest;
  readonly planHash: Digest;
  readonly decision: DecisionKind;
  readonly grants: readonly string[];
  /** When it was signed, database time in milliseconds. A decision made in time counts, no matter when it is read. */
  readonly decidedAt: number;
}
