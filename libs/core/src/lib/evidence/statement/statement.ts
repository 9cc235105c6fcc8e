import type { RunEnd } from '../../foundation/statuses';
import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { onceFor } from '../../foundation/once-for';
import type { Actor } from '../../foundation/principal';
import { ungatedEffects } from '../../plan/ungated-effects';
import { carriedOf, type Carried } from '../records/carried';
import {
  artifactRecords,
  artifactsJson,
  egressNdjson,
  inputsDigest,
  stepsNdjson,
  type ArtifactRecord,
} from './derived-files';
import { sensitiveInputs, type EvidenceDocuments } from '../records/evidence-documents';
import { EvidenceError } from '../encoding/evidence-error';
import { gateRecords, type GateRecord } from '../records/gate-records';
import { policyRecords, type PolicyRecord } from '../records/policy-records';
import type { RunEvidence } from '../records/run-evidence';
import { workersOf } from '../records/run-facts';
import { secretRecords, type SecretRecord } from '../records/secret-records';
import { stepRecords, type StepRecord } from '../records/step-records';
import { withheldPaths } from '../records/withheld';
import { withheldByJournal } from '../records/withheld-by-journal';

/** in-toto Statement v1. */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** Our predicates. */
export const PREDICATE = {
  packRun: 'https://stellaops.io/attestation/pack-run/v1',
  bundle: 'https://stellaops.io/attestation/evidence-bundle/v1',
  provenance: 'https://slsa.dev/provenance/v1',
  /** A publisher's signature of a pack. */
  pack: 'https://stellaops.io/attestation/pack/v1',
  summary: 'https://slsa.dev/verification_summary/v1',
} as const;

/** `subject[0]`. It is always present, so that a failed run without artifacts has a subject too. */
export const FIRST_SUBJECT = 'artifacts.json';
/** Common verifiers refuse more than 1 024 subjects. */
const MAX_SUBJECTS = 1_000;
const MAX_LISTED_STEPS = 1_000;

export type Subject = { readonly name: string; readonly digest: { readonly sha256: string } };

export type Statement<Predicate> = {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Predicate;
};

/** The predicate `https://stellaops.io/attestation/pack-run/v1` (docs/predicates/pack-run-v1.md). */
type PackRun = {
  readonly run: {
    readonly id: string;
    readonly tenant: string;
    readonly result: RunEnd;
    readonly reason: string | null;
    readonly startedAt: string | null;
    readonly endedAt: string;
  };
  readonly builder: string;
  readonly admission: Digest;
  readonly initiators: readonly Pick<Actor, 'iss' | 'sub' | 'kind'>[];
  readonly pack: {
    readonly name: string;
    readonly version: string;
    readonly contentDigest: Digest;
    readonly sourceDigest: Digest;
    readonly signers: readonly string[];
  };
  readonly plan: { readonly hash: Digest; readonly schema: string };
  readonly profile: { readonly digest: Digest; readonly mode: 'open' | 'sealed'; readonly isolation: string };
  readonly runners: readonly { readonly version: string; readonly build: Digest; readonly probe: Digest }[];
  readonly inputs: { readonly digest: Digest; readonly sensitive: readonly string[] };
  readonly secrets: readonly SecretRecord[];
  readonly gates: readonly GateRecord[];
  readonly policies: readonly PolicyRecord[];
  readonly ungatedEffects: readonly string[];
  readonly egress: { readonly allowed: number; readonly denied: number; readonly log: Digest };
  readonly steps: { readonly count: number; readonly digest: Digest; readonly list?: readonly StepRecord[] };
  readonly artifacts: { readonly count: number; readonly digest: Digest };
  readonly journal: { readonly count: number; readonly head: Digest; readonly machine: number };
  readonly audit: { readonly seq: number; readonly head: Digest | null };
  /** Absent from statements of versions that did not record it. */
  readonly carried?: Carried;
  readonly exceptions: readonly { readonly kind: 'withheld'; readonly detail: string }[];
};

export type PackRunStatement = Statement<PackRun>;

/**
 * The pack-run statement of an ended run: a pure function of the bundle's documents. Only `builder` and `audit` are assertions of the
 * signer. It contains no free text of a step. Throws `EVIDENCE_SHAPE` if the journal does not end the run.
 */
export const buildStatement: (documents: EvidenceDocuments) => PackRunStatement = onceFor(statementOf);

function statementOf(documents: EvidenceDocuments): PackRunStatement {
  const { evidence, admission, plan, planHash, profileDigest, environment, facts, index } = documents;
  const { record } = admission;
  const last = evidence.pages.at(-1);
  if (!facts.ended || !last) {
    throw new EvidenceError('EVIDENCE_SHAPE', 'the journal does not end the run', 'Attest runs that have ended.');
  }
  const steps = stepRecords(index, facts);
  const artifacts = artifactRecords(documents);
  const artifactsDigest = sha256(artifactsJson(documents));
  // In RFC 8785 order, so that the statement can be written without sorting.
  const predicate: PackRun = {
    admission: admission.envelope.digest,
    artifacts: { count: artifacts.length, digest: artifactsDigest },
    audit: evidence.asserted.audit,
    builder: evidence.asserted.builder,
    ...carriedMember(evidence),
    egress: {
      allowed: facts.egress.reduce((sum, one) => sum + one.allowed, 0),
      denied: facts.egress.reduce((sum, one) => sum + one.denied, 0),
      log: sha256(egressNdjson(documents)),
    },
    exceptions: exceptionsOf(documents),
    gates: gateRecords(documents),
    initiators: record.initiators.map(({ iss, sub, kind }) => ({ iss, kind, sub })),
    inputs: { digest: inputsDigest(documents), sensitive: sensitiveInputs(plan) },
    journal: { count: facts.entries.length, head: last.hash, machine: environment.machine },
    pack: packOf(record.pack),
    plan: { hash: planHash, schema: plan.schema },
    policies: policyRecords(documents),
    profile: { digest: profileDigest, isolation: environment.isolation, mode: environment.mode },
    run: {
      endedAt: timeOf(facts.ended.at),
      id: record.runId,
      reason: facts.ended.code,
      result: facts.ended.status,
      startedAt: facts.startedAt === null ? null : timeOf(facts.startedAt),
      tenant: record.tenant,
    },
    runners: workersOf(documents.facts),
    secrets: secretRecords(documents),
    steps: {
      count: steps.length,
      digest: sha256(stepsNdjson(documents)),
      ...(steps.length <= MAX_LISTED_STEPS && { list: steps }),
    },
    ungatedEffects: ungatedEffects(plan),
  };
  return {
    _type: STATEMENT_TYPE,
    predicate,
    predicateType: PREDICATE.packRun,
    subject: subjectsOf(artifacts, artifactsDigest),
  };
}

function packOf({ contentDigest, name, signers, sourceDigest, version }: PackRun['pack']): PackRun['pack'] {
  return { contentDigest, name, signers, sourceDigest, version };
}

function carriedMember(evidence: RunEvidence): { readonly carried?: Carried } {
  const { carried } = evidence.asserted;
  return carried === null ? {} : { carried: carried ?? carriedOf(evidence) };
}

/** What the evidence lacks because it held a secret: files replaced by a notice, and what the journal says was not taken or stored. */
function exceptionsOf(documents: EvidenceDocuments): PackRun['exceptions'] {
  const { released = [] } = documents.evidence;
  return [...withheldPaths(documents.evidence), ...released, ...withheldByJournal(documents)].map((detail) => {
    return { detail, kind: 'withheld' };
  });
}

/** `artifacts.json`, then up to 999 artifacts by step and name. If several have the same name, the later ones are numbered. */
export function subjectsOf(artifacts: readonly ArtifactRecord[], artifactsDigest: Digest): readonly Subject[] {
  const seen = new Map<string, number>();
  const others = artifacts.slice(0, MAX_SUBJECTS - 1).map(({ step, name, digest }) => {
    const place = `${step}/${name}`;
    const count = (seen.get(place) ?? 0) + 1;
    seen.set(place, count);
    return { digest: { sha256: digest.slice(7) }, name: count === 1 ? place : `${place}#${count}` };
  });
  return [{ digest: { sha256: artifactsDigest.slice(7) }, name: FIRST_SUBJECT }, ...others];
}

/** Milliseconds since the epoch as RFC 3339 in UTC. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
