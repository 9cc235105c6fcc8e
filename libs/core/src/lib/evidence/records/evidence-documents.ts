import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { isJsonObject, type JsonObject } from '../../foundation/json';
import type { Plan } from '../../plan/plan';
import { indexPlan, type PlanIndex } from '../../plan/plan-index';
import type { Environment, Profile } from '../../plan/profile';
import type { AdmissionRecord, DecisionRecord, GateRequest, ResolutionRecord } from './documents';
import { decodeEnvelope, type DecodedEnvelope, type Envelope } from '../encoding/envelope';
import { readAdmission, readDecision, readGateRequest, readResolution } from './read-documents';
import { factsOf, type RunFacts } from './run-facts';
import type { GateDocument, RunEvidence } from './run-evidence';
import { named, parseCanonical, toUtf8 } from '../encoding/strict-json';

/** A decision record and the envelope that it came in. */
interface DecisionDocument {
  readonly record: DecisionRecord;
  readonly envelope: DecodedEnvelope;
  readonly sealed: Envelope;
}

/** A resolution and the envelope that it came in. */
interface ResolutionDocument {
  readonly record: ResolutionRecord;
  readonly sealed: Envelope;
}

/** The documents of a run, parsed. Their signatures are not checked here. */
export interface EvidenceDocuments {
  readonly evidence: RunEvidence;
  readonly admission: { readonly record: AdmissionRecord; readonly envelope: DecodedEnvelope };
  readonly planHash: Digest;
  readonly plan: Plan;
  readonly index: PlanIndex;
  readonly profileDigest: Digest;
  readonly profile: Profile;
  readonly environment: Environment;
  readonly facts: RunFacts;
  /** By gate digest. */
  readonly gates: ReadonlyMap<Digest, { readonly request: GateRequest; readonly show: GateDocument['show'] }>;
  /** By digest of the record. */
  readonly decisions: ReadonlyMap<Digest, DecisionDocument>;
  /** By digest of the record. */
  readonly resolutions: ReadonlyMap<Digest, ResolutionDocument>;
}

/** Plan, profile and environment of a run, parsed. */
type PlannedDocuments = Pick<
  EvidenceDocuments,
  'plan' | 'planHash' | 'index' | 'profile' | 'profileDigest' | 'environment'
>;

function plannedIn(evidence: RunEvidence): PlannedDocuments {
  const plan = named('plan.json', () => parseCanonical(evidence.plan)) as unknown as Plan;
  const profile = named('profile.json', () => parseCanonical(evidence.profile)) as unknown as Profile;
  const environment = named('environment.json', () => parseCanonical(evidence.environment)) as unknown as Environment;
  const planHash = sha256(evidence.plan);
  const index = indexPlan(plan, planHash, profile.defaults, environment);
  return { plan, planHash, index, profile, profileDigest: sha256(evidence.profile), environment };
}

/**
 * Reads what a run's evidence consists of. Throws an `EvidenceError` where a document of ours is malformed; plan, profile and environment
 * are not validated, because their digests are signed and a replay runs over them.
 *
 * @param planned plan, profile and environment of the evidence, if the caller has parsed texts with these digests before
 */
export function readEvidence(evidence: RunEvidence, planned = plannedIn(evidence)): EvidenceDocuments {
  const admission = decodeEnvelope(evidence.admission);
  const { plan, planHash, index, profile, profileDigest, environment } = planned;
  const gates = evidence.gates.map(({ request, show }) => {
    return [sha256(request), { request: readGateRequest(toUtf8(request)), show }] as const;
  });
  const decisions = evidence.decisions.map((sealed) => {
    const envelope = decodeEnvelope(sealed);
    return [envelope.digest, { record: readDecision(envelope.payload), envelope, sealed }] as const;
  });
  const resolutions = evidence.resolutions.map((sealed) => {
    const { digest, payload } = decodeEnvelope(sealed);
    return [digest, { record: readResolution(payload), sealed }] as const;
  });
  return {
    evidence,
    admission: { record: readAdmission(admission.payload), envelope: admission },
    planHash,
    plan,
    index,
    profileDigest,
    profile,
    environment,
    facts: factsOf(evidence.pages),
    gates: new Map(gates),
    decisions: new Map(decisions),
    resolutions: new Map(resolutions),
  };
}

/** An input that the plan holds only as `{sensitive: true}`. Inputs can be large: they are not spelled for this. */
function isSensitive(value: JsonObject[string]): boolean {
  return isJsonObject(value) && value['sensitive'] === true && Object.keys(value).length === 1;
}

/** Names of the plan's sensitive inputs, sorted. */
export function sensitiveInputs(plan: Plan): readonly string[] {
  return Object.keys(plan.inputs)
    .filter((name) => isSensitive(plan.inputs[name] ?? null))
    .sort();
}

/** The plan's other inputs: values, and files by digest. `inputs.digest` covers them. */
export function openInputs(plan: Plan): JsonObject {
  return Object.fromEntries(Object.entries(plan.inputs).filter(([, value]) => !isSensitive(value)));
}
