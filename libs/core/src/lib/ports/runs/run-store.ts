import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { ConcurrencyClaim } from '../../plan/plan-request';
import type { Actor, Subject } from '../../foundation/principal';
import type { InputEventBody } from '../../run/run-event';
import type { AssignmentReport } from '../workers/assignment-report';
import type { SealedInput } from './sensitive-inputs';

/** A run as it is accepted: everything a worker needs, in one statement. */
export interface NewRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly planHash: Digest;
  /** RFC 8785 text of the plan; kept once per (tenant, plan hash). */
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
  /** The pack's manifest as normalised and its files, as an archive in the object store; null for a lone manifest. */
  readonly manifest: string;
  readonly files: {
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly executable: boolean;
  }[];
  /** Publishers' signatures that hold, one a key: for the evidence. */
  readonly packSignatures: readonly { readonly envelope: Envelope; readonly hint: string }[];
  /** RFC 8785 text of the inputs by value, as given and defaulted; sensitive ones as `{sensitive: true}`. */
  readonly inputs: string;
  /** Sensitive inputs as ciphertext, kept until the evidence is sealed. */
  readonly sensitive: readonly SealedInput[];
  readonly initiators: readonly Actor[];
  readonly requester: { readonly iss: string; readonly sub: string; readonly name: string };
  readonly labels: { readonly [key: string]: string };
  /** The run that this one does again. */
  readonly rerunOf: RunId | null;
  readonly admission: Envelope;
  readonly admissionDigest: Digest;
  /** Its entry of the audit chain: added by the transaction that stores it. */
  readonly audit: JsonObject;
  /** Milliseconds since the epoch, database time. */
  readonly acceptedAt: number;
  /** W3C `traceparent` of what asked for it, if that is traced: workers go on with it. No part of the evidence. */
  readonly traceContext?: string;
  /** Steps in the plan as far as known: for the summary. */
  readonly stepsTotal: number;
  /** Labels that a worker must have to drive it, sorted. */
  readonly workerLabels: readonly string[];
  /** The group of which one run at a time executes, with its expression evaluated. */
  readonly concurrency: ConcurrencyClaim | null;
  readonly idempotency: {
    readonly key: string;
    readonly person: Subject;
    readonly route: string;
    readonly bodyDigest: Digest;
  } | null;
}

export type Created =
  /** `inLine`: another run holds its concurrency group, it waits. */
  | { readonly kind: 'created'; readonly inLine: boolean }
  /** The same idempotency key and body came before. */
  | { readonly kind: 'replayed'; readonly runId: RunId }
  | { readonly kind: 'refused'; readonly code: 'IDEMPOTENCY_KEY_REUSED' }
  /** It would not wait for the run that holds its group. */
  | { readonly kind: 'refused'; readonly code: 'CONCURRENCY_GROUP_HELD'; readonly holder: RunId };

/** An input event waiting in the store, with its place in the run's inbox (from 1, gapless). */
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
  /** The same dedupe key came before. */
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly code: 'RUN_ENDED' | 'RUN_NOT_FOUND' | 'INBOX_FULL' };

/** How the webservice hands runs and inbox messages to workers. */
export abstract class RunStore {
  /** Database time, milliseconds; and an id made from it. */
  abstract stamp(): Promise<{ readonly at: number; readonly runId: RunId }>;
  abstract create(run: NewRun): Promise<Created>;
  /** The run that this key and body made before; null for a new key and for another body. */
  abstract replayed(tenant: TenantId, idempotency: NonNullable<NewRun['idempotency']>): Promise<RunId | null>;
  /** One statement: takes the inbox position on the run row, inserts the message, makes the run due. */
  abstract post(tenant: TenantId, run: RunId, input: InputEventBody, dedupe: string): Promise<Posted>;
}
