import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Actor } from '../../foundation/principal';
import type { DecisionKind, GateOutcome } from '../../gate/gate-state';
import type { InputEventBody } from '../../run/run-event';
import type { GateDocuments, StoredDecision } from '../../stored/stored-gate';

/** A gate as the place of decision: its row, and what the run's row adds. */
export interface GateRow {
  readonly runId: RunId;
  readonly gate: string;
  readonly state: 'open' | GateOutcome;
  readonly gateDigest: Digest;
  /** What is decided and what was decided: compared with its digests. */
  readonly documents: GateDocuments;
  readonly approvals: number;
  readonly required: number;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly expiresAt: number;
  readonly planHash: Digest;
  readonly initiators: readonly Actor[];
  readonly runStatus: string;
  /** Another gate of the run was rejected, or its time is over: the run ends, and no decision counts any more. */
  readonly doomed: boolean;
  /** In the order in which they were made. */
  readonly decisions: readonly StoredDecision[];
}

/** Where a list of gates ended. */
export type GatePlace = Pick<GateRow, 'openedAt' | 'runId' | 'gate'>;

/** A decision, signed and ready to count. */
export interface SignedDecision {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly gate: string;
  readonly decisionId: string;
  readonly decision: DecisionKind;
  readonly person: { readonly iss: string; readonly sub: string };
  readonly decidedAt: number;
  readonly envelope: Envelope;
  readonly recordDigest: Digest;
  readonly response: Json;
  readonly message: InputEventBody;
  readonly audit: JsonObject;
}

export type Decided =
  | {
      readonly kind: 'counted';
      readonly state: 'open' | GateOutcome;
      readonly approvals: number;
      readonly required: number;
    }
  /** The same person decided the same before: the first record. */
  | {
      readonly kind: 'repeated';
      readonly envelope: Envelope;
      readonly state: 'open' | GateOutcome;
      readonly approvals: number;
      readonly required: number;
    }
  /** `decidedAt` is not later than the run's last decision: read the time and sign again. */
  | { readonly kind: 'too-early' }
  | {
      readonly kind: 'refused';
      readonly code: 'GATE_DECIDED' | 'GATE_EXPIRED' | 'GATE_ALREADY_COUNTED' | 'RUN_ENDED' | 'GATE_NOT_OPEN';
    };

/**
 * Where people decide: one statement on the gate row (docs/guides/approvals.md, Deciding). Whoever reads gates compares them first, and throws `DocumentAltered`.
 */
export abstract class GateStore {
  abstract find(tenant: TenantId, run: RunId, gate: string): Promise<GateRow | null>;
  /** Those of these gate instances of a run that opened for people, in no order. */
  abstract ofRun(tenant: TenantId, run: RunId, gates: readonly string[]): Promise<readonly GateRow[]>;
  /** Open gates of the tenant, newest first; after one of them. */
  abstract open(tenant: TenantId, limit: number, after: GatePlace | null): Promise<readonly GateRow[]>;
  abstract now(): Promise<number>;
  abstract decide(decision: SignedDecision): Promise<Decided>;
  /** A refusal leaves a row too, in a transaction of its own. */
  abstract audit(tenant: TenantId, event: JsonObject): Promise<void>;
}
