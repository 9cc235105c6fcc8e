import { canonical } from '../../canonical/canonical';
import { digestOf } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { onceFor } from '../../foundation/once-for';
import { isJsonObject, type Json } from '../../foundation/json';
import type { Actor, Subject } from '../../foundation/principal';
import type {
  AdmissionRecord,
  BundleManifest,
  CheckpointRecord,
  DecisionRecord,
  GateRequest,
  ReleaseRecord,
  ResolutionRecord,
} from './documents';
import {
  anyJson,
  byKind,
  closed,
  digest,
  flag,
  instant,
  listOf,
  longText,
  mapOf,
  nullable,
  oneOf,
  optional,
  readShape,
  text,
  whole,
  type Shape,
} from '../encoding/shape';
import { named, parseCanonical, parseUtf8, toUtf8 } from '../encoding/strict-json';

const subject = closed<Subject>({ iss: text, sub: text });
const actor = closed<Actor>({ iss: text, sub: text, kind: oneOf('person', 'client') });
const deputy = nullable(
  closed<Subject & { readonly delegation: Digest }>({ iss: text, sub: text, delegation: digest }),
);
const decisionKind = oneOf('approved', 'rejected', 'withdrawn');

const nothing: Shape<null> = (value, path, note) => {
  if (value !== null) note(path, 'null is expected');
  return null;
};

const admitted = {
  schema: oneOf('taskrunner.admission.v1'),
  runId: text,
  tenant: text,
  initiators: listOf(actor),
  pack: closed({ name: text, version: text, contentDigest: digest, sourceDigest: digest, signers: listOf(text) }),
  planHash: digest,
  profileDigest: digest,
  scheduleId: nullable(text),
  acceptedAt: instant,
  nonce: text,
} as const;
const ofRun = closed<AdmissionRecord>({ ...admitted, rerunOf: nothing });
const ofRerun = closed<AdmissionRecord>({ ...admitted, rerunOf: text, rerun: closed({ from: text, head: digest }) });
/** Only a rerun has the members that describe a rerun, and it has all of them. */
const admission: Shape<AdmissionRecord> = (value, path, note) => {
  const isRerun = isJsonObject(value) && value['rerunOf'] !== null;
  return (isRerun ? ofRerun : ofRun)(value, path, note);
};

const gateRequest = closed<GateRequest>({
  schema: oneOf('taskrunner.gate-request.v1'),
  runId: text,
  tenant: text,
  gate: text,
  label: nullable(text),
  planHash: digest,
  profileDigest: digest,
  admissionDigest: digest,
  requirement: closed<GateRequest['requirement']>({
    approval: text,
    grants: listOf(text),
    minApprovals: whole,
    selfApproval: flag,
    proof: oneOf('service', 'token', 'key'),
    maxAuthAge: nullable(text),
    reasonRequired: flag,
    formDigest: nullable(digest),
    actors: optional(listOf(subject)),
  }),
  policy: anyJson,
  // A pack can show a whole report in it.
  message: longText,
  showDigest: digest,
  reads: mapOf(digest),
  item: nullable(digest),
  secrets: listOf(closed({ name: text, version: text })),
  opens: listOf(text),
  notApplied: listOf(text),
  nonce: text,
  openedAt: instant,
  expiresAt: instant,
  executeBy: instant,
});

const decision = closed<DecisionRecord>({
  schema: oneOf('taskrunner.decision.v1'),
  decisionId: text,
  runId: text,
  tenant: text,
  gate: text,
  planHash: digest,
  gateDigest: digest,
  decision: decisionKind,
  response: anyJson,
  person: subject,
  onBehalfOf: deputy,
  actors: optional(listOf(actor)),
  grants: listOf(text),
  bound: oneOf('gate', 'plan'),
  authTime: instant,
  acr: nullable(text),
  reason: nullable(text),
  decidedAt: instant,
  proof: byKind<DecisionRecord['proof']>({
    service: closed({ kind: oneOf('service') }),
    token: closed({ kind: oneOf('token'), jws: text }),
    key: closed({ kind: oneOf('key'), envelope: anyJson }),
  }),
});

const resolution = closed<ResolutionRecord>({
  schema: oneOf('taskrunner.resolution.v1'),
  runId: text,
  tenant: text,
  step: text,
  execution: whole,
  outcome: oneOf('succeeded', 'failed', 'retry'),
  outputsDigest: nullable(digest),
  person: subject,
  actors: optional(listOf(actor)),
  reason: text,
  authTime: instant,
  decidedAt: instant,
  proof: closed({ kind: oneOf('service') }),
});

const release = closed<ReleaseRecord>({
  schema: oneOf('taskrunner.release.v1'),
  runId: text,
  tenant: text,
  paths: listOf(text),
  person: subject,
  reason: text,
  decidedAt: instant,
});

const checkpoint = closed<CheckpointRecord>({
  schema: oneOf('taskrunner.checkpoint.v1'),
  tenant: text,
  count: whole,
  head: digest,
  at: instant,
});

const manifest = closed<BundleManifest>({
  schema: oneOf('taskrunner.manifest.v1'),
  run: text,
  files: listOf(closed({ path: text, size: whole, sha256: digest })),
});

function reader<T>(shape: Shape<T>, what: string): (payload: Uint8Array) => T {
  return (payload) =>
    readShape(
      shape,
      named(what, () => parseCanonical(parseUtf8(payload))),
      what,
    );
}

// Each function reads exactly what `payloadOf` writes, and throws `EVIDENCE_JSON`, `EVIDENCE_NOT_CANONICAL` or `EVIDENCE_SHAPE`.

/** An admission record, from an envelope's payload. It is read once from the same bytes, which nobody may change. */
export const readAdmission = onceFor(reader(admission, 'an admission record'));
/** A decision record, from an envelope's payload. */
export const readDecision = reader(decision, 'a decision record');
/** A resolution, from an envelope's payload. */
export const readResolution = reader(resolution, 'a resolution');
/** A release, from an envelope's payload. */
export const readRelease = reader(release, 'a release');
/** A gate request, from its file. */
export const readGateRequest = reader(gateRequest, 'a gate request');
/** A gate request that was parsed elsewhere. Throws `EVIDENCE_SHAPE`. */
export function gateRequestOf(value: Json): GateRequest {
  return readShape(gateRequest, value, 'a gate request');
}
/** An audit checkpoint, from an envelope's payload. */
export const readCheckpoint = reader(checkpoint, 'a checkpoint');
/** A bundle's manifest, from its file. */
export const readManifest = reader(manifest, 'a manifest');

/** The bytes of a document as they are signed or filed: UTF-8 of its RFC 8785 text. */
export function payloadOf(document: object): Uint8Array {
  return toUtf8(canonical(document as Json));
}

/** The digest of an admission record. The first journal page names it as its predecessor. */
export function admissionDigestOf(record: AdmissionRecord): Digest {
  return digestOf(record as unknown as Json);
}
