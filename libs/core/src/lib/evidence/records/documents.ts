import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Actor, Subject } from '../../foundation/principal';
import type { DecisionKind } from '../../gate/gate-state';

// Exact shapes of the signed documents (docs/predicates/records.md): closed objects, RFC 8785, RFC 3339 times in UTC.

/** Payload types of the envelopes. Statements share in-toto's; they differ by predicate type. */
export const PAYLOAD_TYPE = {
  admission: 'application/vnd.taskrunner.admission+json',
  decision: 'application/vnd.taskrunner.decision+json',
  /** A person's own signature over a decision. */
  intent: 'application/vnd.taskrunner.intent+json',
  /** A person's resolution of a step that needed attention. */
  resolution: 'application/vnd.taskrunner.resolution+json',
  /** An operator's release of evidence without some of its files. */
  release: 'application/vnd.taskrunner.release+json',
  /** What a person decided about a schedule. */
  schedule: 'application/vnd.taskrunner.schedule+json',
  checkpoint: 'application/vnd.taskrunner.checkpoint+json',
  statement: 'application/vnd.in-toto+json',
} as const;

/** The admission record: who was accepted with which plan for which tenant. Signed by the webservice at acceptance. */

export interface AdmissionRecord {
  readonly schema: 'taskrunner.admission.v1';
  readonly runId: string;
  readonly tenant: string;
  readonly initiators: readonly Actor[];
  readonly pack: {
    readonly name: string;
    readonly version: string;
    readonly contentDigest: Digest;
    readonly sourceDigest: Digest;
    readonly signers: readonly string[];
  };
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly scheduleId: string | null;
  /** The run that this rerun repeats. */
  readonly rerunOf: string | null;
  /** Present only in reruns. */
  readonly rerun?: RerunRecord;
  readonly acceptedAt: string;
  readonly nonce: string;
}

/** How the original run is repeated. */
export interface RerunRecord {
  /** `failed`, `start`, or the step at which the rerun begins. */
  readonly from: string;
  /** Hash of the last page of the original's journal. */
  readonly head: Digest;
}

export type { GateRequest } from '../../gate/gate-request';

/** One person's decision on one gate request: signed by the webservice. */
export interface DecisionRecord {
  readonly schema: 'taskrunner.decision.v1';
  readonly decisionId: string;
  readonly runId: string;
  readonly tenant: string;
  readonly gate: string;
  readonly planHash: Digest;
  readonly gateDigest: Digest;
  readonly decision: DecisionKind;
  readonly response: Json;
  readonly person: Subject;
  readonly onBehalfOf: (Subject & { readonly delegation: Digest }) | null;
  /** Every `act` of the token (RFC 8693 §4.1), outermost first. Absent in records that predate the recording of actors. */
  readonly actors?: readonly Actor[];
  readonly grants: readonly string[];
  /** `plan`: the client named no gate digest (docs/guides/approvals.md, What you approve). */
  readonly bound: 'gate' | 'plan';
  readonly authTime: string;
  readonly acr: string | null;
  readonly reason: string | null;
  readonly decidedAt: string;
  readonly proof:
    | { readonly kind: 'service' }
    | { readonly kind: 'token'; readonly jws: string }
    | { readonly kind: 'key'; readonly envelope: Json };
}

/** A person's statement about a step whose outcome is unknown: signed by the webservice. */
export interface ResolutionRecord {
  readonly schema: 'taskrunner.resolution.v1';
  readonly runId: string;
  readonly tenant: string;
  readonly step: string;
  readonly execution: number;
  readonly outcome: ResolutionOutcome;
  /** Digest of the outputs with which the step succeeded; null if it has none. */
  readonly outputsDigest: Digest | null;
  readonly person: Subject;
  /** As in a decision record. */
  readonly actors?: readonly Actor[];
  readonly reason: string;
  readonly authTime: string;
  readonly decidedAt: string;
  readonly proof: { readonly kind: 'service' };
}
/** An operator's statement that files of a bundle are withheld, or that its seal is tried again: signed by the webservice. */
export interface ReleaseRecord {
  readonly schema: 'taskrunner.release.v1';
  readonly runId: string;
  readonly tenant: string;
  /** Paths of files in the bundle, sorted. Empty: the cause of the blocked seal was removed. */
  readonly paths: readonly string[];
  readonly person: Subject;
  readonly reason: string;
  readonly decidedAt: string;
}

export type ResolutionOutcome = 'succeeded' | 'failed' | 'retry';

/** The document that a person signs with their own key (`proof.kind` key). */
export interface DecisionIntent {
  readonly gateDigest: Digest;
  readonly decision: DecisionKind;
  readonly reason: string | null;
  readonly response: Json;
  readonly onBehalfOf: (Subject & { readonly delegation: Digest }) | null;
}

/** Head of a tenant's audit chain. */
export interface CheckpointRecord {
  readonly schema: 'taskrunner.checkpoint.v1';
  readonly tenant: string;
  readonly count: number;
  readonly head: Digest;
  readonly at: string;
}

/** Every file of a bundle except the manifest and its attestation, sorted by path. */
export interface BundleManifest {
  readonly schema: 'taskrunner.manifest.v1';
  readonly run: string;
  readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: Digest }[];
}
