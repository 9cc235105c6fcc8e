import { canonical } from '../lib/canonical/canonical';
import { digestOf, sha256 } from '../lib/canonical/digest';
import { PAYLOAD_TYPE, type AdmissionRecord } from '../lib/evidence/records/documents';
import { decodeEnvelope, sealEnvelope, type Envelope } from '../lib/evidence/encoding/envelope';
import { readDecision } from '../lib/evidence/records/read-documents';
import type { RunId, TenantId } from '../lib/foundation/ids';
import type { Json } from '../lib/foundation/json';
import { subjectsKey } from '../lib/gate/deciders';
import type { GateRequest } from '../lib/gate/gate-request';
import type { Plan } from '../lib/plan/plan';
import { ComparedJson } from '../lib/stored/compared-json';
import { RunDocuments } from '../lib/stored/run-documents';
import { KnownAdmissions, type AdmissionColumns } from '../lib/stored/stored-admission';
import { GateDocuments, approvalsInForce, type StoredDecision, type StoredGate } from '../lib/stored/stored-gate';

import { testDefaults } from './random/random-plan';

/** An admission as a webservice stores it, signed by nobody, and the columns beside it; `change` goes into both. */
export function anAdmission(change: Partial<AdmissionRecord> = {}): AdmissionColumns {
  const record: AdmissionRecord = {
    schema: 'taskrunner.admission.v1',
    runId: 'run_01kb3v2m5t8wq4yhn6z0c7d9ef',
    tenant: 'acme',
    initiators: [{ iss: 'https://id.test', sub: 'ada', kind: 'person' }],
    pack: {
      name: 'demo',
      version: '1.0.0',
      contentDigest: sha256('content'),
      sourceDigest: sha256('source'),
      signers: [],
    },
    planHash: sha256('plan'),
    profileDigest: sha256('profile'),
    scheduleId: null,
    rerunOf: null,
    acceptedAt: '2026-01-01T00:00:00.000Z',
    nonce: '00',
    ...change,
  };
  const { runId, tenant, planHash, profileDigest, initiators, rerunOf } = record;
  const { name, version, contentDigest, sourceDigest } = record.pack;
  const payload = new TextEncoder().encode(canonical(record as unknown as Json));
  return {
    ...{ tenant: tenant as TenantId, runId: runId as RunId, planHash, profileDigest, initiators },
    rerunOf: rerunOf as RunId | null,
    pack: { name, version, contentDigest, sourceDigest },
    admission: sealEnvelope(PAYLOAD_TYPE.admission, payload, Uint8Array.of(0), `SHA256:${'A'.repeat(43)}`),
    admissionDigest: sha256(payload),
  };
}

/** The row of a decision by its signed record. */
export function storedDecision(envelope: Envelope): StoredDecision {
  const { payload, digest } = decodeEnvelope(envelope);
  const { decisionId, decision, person, decidedAt } = readDecision(payload);
  return {
    decisionId,
    decision,
    person,
    name: 'Someone',
    envelope,
    recordDigest: digest,
    decidedAt: Date.parse(decidedAt),
  };
}

/** The row of a gate by its documents: with columns that repeat them. Its request must name the admission. */
export function storedGate(
  request: GateRequest,
  show: Json,
  decisions: readonly StoredDecision[] = [],
  admission: AdmissionColumns = anAdmission(),
): StoredGate {
  const records = decisions.map(({ envelope }) => readDecision(decodeEnvelope(envelope).payload));
  const inForce = approvalsInForce(records);
  const required = request.requirement.minApprovals;
  const isRejected = records.some(({ decision }) => decision === 'rejected');
  return {
    ...admission,
    gate: request.gate,
    state: isRejected ? 'rejected' : inForce.length >= required ? 'approved' : 'open',
    gateDigest: digestOf(request as unknown as Json),
    request: JSON.stringify(request),
    show: JSON.stringify(show),
    required,
    approvals: inForce.length,
    counted: inForce.map(subjectsKey),
    expiresAt: Date.parse(request.expiresAt),
    decisions,
  };
}

/** Compares the row of a gate, without anything known before. */
export function comparedGate(row: StoredGate): GateDocuments {
  return GateDocuments.compare(row, {
    json: new ComparedJson(),
    admissions: new KnownAdmissions(null),
    signatures: null,
  });
}

/** Documents of a run with this plan, compared with their own digests. */
export function comparedDocuments(plan: Plan, environment: object = {}): RunDocuments {
  const texts = { plan: canonical(plan as unknown as Json), environment: canonical(environment as Json) };
  const profile = canonical({ defaults: testDefaults as unknown as Json, environment: sha256(texts.environment) });
  const { tenant, runId } = anAdmission();
  return RunDocuments.compare({
    ...{ tenant, runId, planHash: sha256(texts.plan), profileDigest: sha256(profile) },
    ...texts,
    profile,
  });
}
