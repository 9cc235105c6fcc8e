import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { ConcurrencyClaim } from '../../plan/plan-request';
import type { Actor, Subject } from '../../foundation/principal';
import type { InputEventBody } from '../../run/run-event';
import type { AssignmentReport } from '../workers/assignment-report';
import type { SealedInput } from './sensitive-inputs';

/** A run at admission: everything that a worker needs, for one SQL statement. */
export interface NewRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly planHash: Digest;
  /** RFC 8785 text of the plan, stored once per (tenant, plan hash). */
  readonly plan: string;
  /** RFC 8785 texts. */
  readonly profile: string;
  readonly profileDigest: Digest;
  readonly environment: string;
  readonly environmentDigest: Digest;
  readonly pack: {
    readonly name: string;
    readonly version: string;
    readonly contentDigest: Digest;
    readonly sourceDigest: Digest;
  };
  /** The pack's normalised manifest and its files as an archive in the object store; null for a manifest without files. */
  readonly manifest: string;
  readonly files: {
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly executable: boolean;
  }[];
  /**
   * Forms of gates in the order of their authors, the text of a list; null: every form has its members in sorted order, as the plan does.
   */
  readonly forms: string | null;
  /** Valid signatures of publishers, one per key, for the evidence. */
  readonly packSignatures: readonly { readonly envelope: Envelope; readonly hint: string }[];
  /** RFC 8785 text of the inputs by value with defaults applied; sensitive ones as `{sensitive: true}`. */
  readonly inputs: string;
  /** Sensitive inputs as ciphertext, kept until the evidence is sealed. */
  readonly sensitive: readonly SealedInput[];
  readonly initiators: readonly Actor[];
  readonly requester: { readonly iss: string; readonly sub: string; readonly name: string };
  readonly labels: { readonly [key: string]: string };
  /** The original run of a rerun. */
  readonly rerunOf: RunId | null;
  readonly admission: Envelope;
  readonly admissionDigest: Digest;
  /** Its entry for the audit chain, added in the same transaction. */
  readonly audit: JsonObject;
  /** Milliseconds since the epoch, database time. */
  readonly acceptedAt: number;
  /** W3C `traceparent` of the request, if it is traced. Workers continue the trace. It is not part of the evidence. */
  readonly traceContext?: string | null;
  /** Number of steps of the plan as far as known, for the summary. */
  readonly stepsTotal: number;
  /** Labels that a worker must have to drive it, sorted. */
  readonly workerLabels: readonly string[];
  /** Its concurrency group, with the expression evaluated. */
  readonly concurrency: ConcurrencyClaim | null;
  readonly idempotency: {
    readonly key: string;
    readonly person: Subject;
    readonly route: string;
    readonly bodyDigest: Digest;
  } | null;
}

export type Created =
  /** `inLine`: another run holds its concurrency group, so it waits. */
  | { readonly kind: 'created'; readonly inLine: boolean }
  /** A request with the same idempotency key and body came before. */
  | { readonly kind: 'replayed'; readonly runId: RunId }
  | { readonly kind: 'refused'; readonly code: 'IDEMPOTENCY_KEY_REUSED' }
  /** It would not wait for the run that holds its group. */
  | { readonly kind: 'refused'; readonly code: 'CONCURRENCY_GROUP_HELD'; readonly holder: RunId };

/** A stored input event with its position in the run's inbox (from 1, without gaps). */
export interface InboxMessage {
  readonly position: number;
  readonly input: InputEventBody | AssignmentReport;
  /** The signed envelope that a decision or resolution must have. */
  readonly envelope: Envelope | null;
  /** The decision's `response`, if it has one. */
  readonly response: Json;
  readonly postedAt: number;
}

export type Posted =
  | { readonly kind: 'posted'; readonly position: number }
  /** A message with the same dedupe key came before. */
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly code: 'RUN_ENDED' | 'RUN_NOT_FOUND' | 'INBOX_FULL' };

/** How the webservice passes runs and inbox messages to workers. */
export abstract class RunStore {
  /** Database time in milliseconds, and an id derived from it. */
  abstract stamp(): Promise<{ readonly at: number; readonly runId: RunId }>;
  abstract create(run: NewRun): Promise<Created>;
  /** The run that an earlier request with this key and body created; null for a new key and for another body. */
  abstract replayed(tenant: TenantId, idempotency: NonNullable<NewRun['idempotency']>): Promise<RunId | null>;
  /**
   * Takes the inbox position on the run row, inserts the message and makes the run due, in one transaction.
   *
   * @param audit the entry of the audit chain for the message; appended in the same transaction if the message is inserted.
   */
  abstract post(
    tenant: TenantId,
    run: RunId,
    input: InputEventBody,
    dedupe: string,
    audit?: JsonObject,
  ): Promise<Posted>;
}
