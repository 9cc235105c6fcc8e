import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Actor } from '../../foundation/principal';
import type { DecisionKind, GateOutcome } from '../../gate/gate-state';
import type { InputEventBody } from '../../run/run-event';
import type { GateDocuments, StoredDecision } from '../../stored/stored-gate';

/** A gate for decisions: its row, with members of the run's row. */
export interface GateRow {
  readonly runId: RunId;
  readonly gate: string;
  readonly state: 'open' | GateOutcome;
  readonly gateDigest: Digest;
  /** The request and the decisions, compared with their digests. */
  readonly documents: GateDocuments;
  readonly approvals: number;
  readonly required: number;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly expiresAt: number;
  readonly planHash: Digest;
  readonly pack: { readonly name: string; readonly version: string };
  readonly requester: { readonly iss: string; readonly sub: string; readonly name: string };
  readonly initiators: readonly Actor[];
  readonly runStatus: string;
  /** Another gate of the run was rejected or has expired: the run ends, and no decision counts any more. */
  readonly doomed: boolean;
  /** Time of the last decision at any gate of the run, or of the last resolution of a step, milliseconds since the epoch; 0: there is none. */
  readonly lastDecidedAt: number;
  /** In the order in which they were made. */
  readonly decisions: readonly StoredDecision[];
}

/** Position at which a list of gates ended. */
export type GatePlace = Pick<GateRow, 'openedAt' | 'runId' | 'gate'>;

/** A signed decision to be applied. */
export interface SignedDecision {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly gate: string;
  readonly decisionId: string;
  readonly decision: DecisionKind;
  readonly person: { readonly iss: string; readonly sub: string };
  /** The person's name in their token, for readers. */
  readonly name: string;
  readonly decidedAt: number;
  readonly envelope: Envelope;
  readonly recordDigest: Digest;
  readonly response: Json;
  readonly message: InputEventBody;
  readonly audit: JsonObject;
  /** The decision counts only if `GateRow.lastDecidedAt` is still this; null: it does not depend on others. */
  readonly lastDecidedAt: number | null;
}

export type Decided =
  | {
      readonly kind: 'counted';
      readonly state: 'open' | GateOutcome;
      readonly approvals: number;
      readonly required: number;
    }
  /** The same person made the same decision before: the first record. */
  | {
      readonly kind: 'repeated';
      readonly envelope: Envelope;
      readonly state: 'open' | GateOutcome;
      readonly approvals: number;
      readonly required: number;
    }
  /** `decidedAt` is not later than the run's last decision or resolution, or that is another than `lastDecidedAt`: read the gate, and sign again. */
  | { readonly kind: 'too-early' }
  | {
      readonly kind: 'refused';
      readonly code:
        | 'GATE_DECIDED'
        | 'GATE_EXPIRED'
        | 'GATE_ALREADY_COUNTED'
        | 'GATE_NOT_APPROVED'
        | 'RUN_ENDED'
        | 'GATE_NOT_OPEN';
    };

/**
 * Where people decide: one SQL statement on the gate row (docs/guides/approvals.md, Deciding). Reads compare the documents with their digests first and throw
 * `DocumentAltered`.
 */
export abstract class GateStore {
  abstract find(tenant: TenantId, run: RunId, gate: string): Promise<GateRow | null>;
  /** Those of these gate instances of a run that opened for people, in no particular order. */
  abstract ofRun(tenant: TenantId, run: RunId, gates: readonly string[]): Promise<readonly GateRow[]>;
  /** Open gates of the tenant, newest first, after a given one. */
  abstract open(tenant: TenantId, limit: number, after: GatePlace | null): Promise<readonly GateRow[]>;
  abstract now(): Promise<number>;
  abstract decide(decision: SignedDecision): Promise<Decided>;
  /** Records a refusal in the audit chain, in a separate transaction. */
  abstract audit(tenant: TenantId, event: JsonObject): Promise<void>;
}
