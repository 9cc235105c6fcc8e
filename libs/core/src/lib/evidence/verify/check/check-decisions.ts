import { digestOf } from '../../../canonical/digest';
import { sameJson } from '../../../canonical/same-json';
import type { Digest } from '../../../foundation/ids';
import { sameSubject, type Subject } from '../../../foundation/principal';
import { objectionToDeciders, personsOf, sameActors, type Deciders } from '../../../gate/deciders';
import type { DecisionRecord, GateRequest } from '../../records/documents';
import type { EvidenceDocuments } from '../../records/evidence-documents';
import { digestOfRef, type GateFact } from '../../records/run-facts';
import { fail, type VerificationSession } from './verification-session';
import { found, type Checker } from './check';
import { isStatedTooEarly } from './clocks';
import { proofObjection } from './decision-proof';
import { durationMs } from './gate-bounds';
import { isOneResponse, responseObjection } from './gate-response';
import { personOfNoPeople, resolvedByPeople, signedResolutions, wordsOf } from './check-resolutions';

/** Each decision and resolution that the journal took has a record signed by a ledger key, and there are no other records. */
export const decisionsSignature: Checker = (bundle) => {
  const { facts, decisions } = bundle.documents();
  const opened = bundle.decisions();
  const named = new Set<Digest>();
  for (const { event } of facts.entries) if (event.type === 'gate.decided') named.add(event.record);
  for (const record of named) if (!opened.has(record)) fail(`decision ${record} is missing`);
  for (const record of decisions.keys()) if (!named.has(record)) fail(`decision ${record} is not in the journal`);
  const resolutions = signedResolutions(bundle);
  if (opened.size + resolutions === 0) return found('absent', 'no decisions');
  return found('signed', describeCounts(opened.size, resolutions));
};

function describeCounts(decisions: number, resolutions: number): string {
  return resolutions === 0 ? `${decisions} decisions` : `${decisions} decisions, ${resolutions} resolutions`;
}

/** A decision that counted, with the request that it answers. */
interface Counted {
  /** Its position in the journal. */
  readonly seq: number;
  /** When the journal took it. */
  readonly at: number;
  readonly gate: GateFact;
  readonly request: GateRequest;
  readonly record: DecisionRecord;
}

function counted(bundle: VerificationSession): readonly Counted[] {
  const documents = bundle.documents();
  bundle.decisions();
  return documents.facts.gates.flatMap((gate) => {
    const { request } =
      documents.gates.get(gate.opened.gateDigest) ?? fail(`the request of ${gate.opened.step} is missing`);
    return gate.decided.map((input) => {
      const { record } = documents.decisions.get(input.record) ?? fail(`decision ${input.record} is missing`);
      const { decision } = input;
      const same =
        decision.decisionId === record.decisionId &&
        decision.decision === record.decision &&
        decision.gateDigest === record.gateDigest &&
        decision.planHash === record.planHash &&
        decision.decidedAt === Date.parse(record.decidedAt) &&
        sameSubject(decision.person, record.person) &&
        sameSubject(decision.onBehalfOf ?? decision.person, record.onBehalfOf ?? record.person) &&
        sameActors(decision.actors ?? [], record.actors ?? []) &&
        sameJson(decision.grants, record.grants) &&
        digestOfRef(input.response) === (record.response === null ? null : digestOf(record.response));
      if (!same) fail(`the journal contradicts decision ${record.decisionId}`);
      return { seq: input.seq, at: input.at, gate, request, record };
    });
  });
}

/** The person behind each decision is proven as strongly as the trust file and the gate require. */
export const decisionsProof: Checker = (bundle) => {
  const all = counted(bundle);
  const kinds = all.map(({ request, record }) => {
    const objection = proofObjection(bundle.request, request, record);
    if (objection !== null) fail(`decision ${record.decisionId}: ${objection}`);
    return record.proof.kind;
  });
  if (kinds.length === 0) return found('absent', 'no decisions');
  const basis = kinds.includes('service') ? 'signed' : 'recomputed';
  return found(basis, [...new Set(kinds)].sort().join(', '));
};

/**
 * Deciders are humans, each counts once, none of them initiated the run, they have the required grants, and there are enough of them.
 * Actors count like deciders. A program acts only if the gate request allows it. Records without actors give no information about actors.
 */
export const decisionsPeople: Checker = (bundle) => {
  const documents = bundle.documents();
  const { trust } = bundle.request;
  const all = counted(bundle);
  for (const one of all) {
    const objection = objectionTo(documents, one);
    if (objection !== null) fail(`decision ${one.record.decisionId}: ${objection}`);
    const stranger = personOfNoPeople(trust, { ...one.record, onBehalfOf: null });
    if (stranger !== null) fail(`${stranger.iss} does not issue tokens to people`);
  }
  const decisionIds = new Set(all.map(({ record }) => record.decisionId));
  if (decisionIds.size !== all.length) fail('a decision was counted twice');
  for (const gate of documents.facts.gates) {
    const own = all.filter((one) => one.gate === gate).map(({ record }) => record);
    const rejected = own.some(({ decision }) => decision === 'rejected');
    const approved = inForce(own);
    const approvals = approved.length;
    if (!isOneResponse(approved)) fail(`${gate.opened.step}: its approvers gave different responses`);
    const { request } = documents.gates.get(gate.opened.gateDigest) ?? fail('a request is missing');
    const required = Math.max(request.requirement.minApprovals, trust.require.minApprovals, 1);
    if (gate.ended?.outcome === 'approved' && approvals < required)
      fail(`${gate.opened.step}: ${approvals} of ${required} approvals`);
    if ((gate.ended?.outcome === 'rejected') !== rejected)
      fail(`${gate.opened.step}: there is no rejection, or the rejection does not count`);
  }
  const resolutions = resolvedByPeople(bundle);
  if (documents.facts.gates.length + resolutions === 0) return found('absent', 'no gates');
  const records = [...all.map(({ record }) => record), ...bundle.resolutions().values()];
  const untold = records.filter(({ actors }) => actors === undefined).length;
  const basis = trust.issuers.length > 0 && untold === 0 ? 'recomputed' : 'signed';
  return found(basis, describeCounts(all.length, resolutions) + describeActors(records, untold));
};

function describeActors(records: readonly Pick<Deciders, 'actors'>[], untold: number): string {
  const through = records.filter(({ actors = [] }) => actors.length > 0).length;
  return (
    (through > 0 ? `, ${through} of them through actors` : '') +
    (untold > 0 ? `, ${untold} of them without recorded actors` : '')
  );
}

/** Approvals that were not withdrawn. Fails if a person approved twice. */
function inForce(decisions: readonly DecisionRecord[]): readonly DecisionRecord[] {
  let approvals: readonly DecisionRecord[] = [];
  for (const record of decisions) {
    const uses = (persons: readonly Subject[]) => (other: DecisionRecord) =>
      personsOf(other).some((used) => persons.some((person) => sameSubject(used, person)));
    const isWithdrawn = uses(personsOf({ ...record, actors: [] }));
    if (record.decision === 'withdrawn') approvals = approvals.filter((other) => !isWithdrawn(other));
    if (record.decision !== 'approved') continue;
    if (approvals.some(uses(personsOf(record)))) fail(`${record.person.sub} approved twice`);
    approvals = [...approvals, record];
  }
  return approvals;
}

function objectionTo(documents: EvidenceDocuments, { request, record, gate }: Counted): string | null {
  const { admission, planHash } = documents;
  const { requirement } = request;
  const { runId, tenant, initiators } = admission.record;
  if (record.runId !== runId || record.tenant !== tenant) return 'of another run';
  if (record.gate !== request.gate || record.planHash !== planHash) return 'of another gate or plan';
  if (record.gateDigest !== gate.opened.gateDigest) return 'of another request';
  const selfApproval = requirement.selfApproval || record.decision === 'withdrawn';
  const objection = objectionToDeciders(record, { ...requirement, initiators, selfApproval });
  if (objection !== null) return wordsOf(objection);
  if (requirement.grants.some((grant) => !record.grants.includes(grant))) return 'without a grant';
  if (requirement.reasonRequired && record.decision !== 'withdrawn' && !record.reason) return 'without a reason';
  const age = Date.parse(record.decidedAt) - Date.parse(record.authTime);
  if (!(age <= durationMs(requirement.maxAuthAge))) return 'by a person whose authentication was too old';
  const response = responseObjection(documents, gate.opened.step, record);
  if (response !== null) return response;
  // A delegation is a separate document. Without it nothing proves that the other person agreed.
  return record.onBehalfOf ? 'delegated, but the bundle has no delegation' : null;
}

/** Decisions are within their gate's time, in order, not before the admission of the run, and not taken before they were made. */
export const decisionsTime: Checker = (bundle) => {
  const { admission } = bundle.documents();
  const all = [...counted(bundle)].sort((a, b) => a.seq - b.seq);
  let last = Date.parse(admission.record.acceptedAt);
  for (const { at: taken, request, record } of all) {
    if (isStatedTooEarly(taken, record.decidedAt)) fail(`decision ${record.decisionId} was taken before it was made`);
    const at = Date.parse(record.decidedAt);
    if (at <= last) fail(`decision ${record.decisionId} is not later than what came before`);
    if (at < Date.parse(request.openedAt)) fail(`decision ${record.decisionId} was made before its gate opened`);
    if (at >= Date.parse(request.expiresAt)) fail(`decision ${record.decisionId} was made after its gate expired`);
    last = at;
  }
  return all.length === 0 ? found('absent', 'no decisions') : found('signed', `${all.length} decisions in order`);
};
