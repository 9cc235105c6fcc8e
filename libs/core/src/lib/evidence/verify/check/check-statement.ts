import { canonical } from '../../../canonical/canonical';
import type { Digest } from '../../../foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../../../foundation/json';
import { cyclonedxAttestation, PROVENANCE_ATTESTATION, SUMMARY_ATTESTATION } from '../../bundle/bundle-files';
import { bomStatements, type BomStatement } from '../../predicates/cyclonedx';
import { stepsNdjson } from '../../statement/derived-files';
import { buildProvenance } from '../../predicates/provenance';
import { BUILD_TYPE_V1, buildProvenanceV1 } from '../../predicates/provenance-v1';
import { cyclonedxFiles, fileOf } from '../../bundle/read-bundle';
import { builderFits } from '../../records/builder';
import { asJson } from '../../records/run-evidence';
import {
  buildStatement,
  FIRST_SUBJECT,
  PREDICATE,
  STATEMENT_TYPE,
  type PackRunStatement,
  type Statement,
} from '../../statement/statement';
import { anyJson, closed, instant, oneOf, readShape, text } from '../../encoding/shape';
import { buildSummary, type VerificationSummary } from '../../predicates/summary';
import { parseCanonical, parseUtf8 } from '../../encoding/strict-json';
import { fail, type VerificationSession } from './verification-session';
import { found, type Checker } from './check';

const HEX = /^[0-9a-f]{64}$/;
const MAX_SUBJECTS = 1_000;
const MEMBERS = new Set([
  'run',
  'builder',
  'admission',
  'initiators',
  'pack',
  'plan',
  'profile',
  'runners',
  'inputs',
  'secrets',
  'gates',
  'policies',
  'ungatedEffects',
  'egress',
  'steps',
  'artifacts',
  'journal',
  'audit',
  'carried',
  'exceptions',
]);

/** Why a value is not an in-toto Statement v1 with this predicate type and usable subjects; null if it is. */
function statementObjection(value: Json, predicateType: string): string | null {
  if (!isJsonObject(value) || value['_type'] !== STATEMENT_TYPE) return 'not an in-toto Statement v1';
  if (value['predicateType'] !== predicateType) return 'another predicate type';
  if (!isJsonObject(value['predicate'])) return 'no predicate';
  const { subject } = value;
  if (!isJsonArray(subject) || subject.length === 0 || subject.length > MAX_SUBJECTS) return 'no subject, or too many';
  const names = new Set<string>();
  for (const one of subject) {
    if (!isJsonObject(one) || typeof one['name'] !== 'string' || !isJsonObject(one['digest']))
      return 'a subject without name or digest';
    const { sha256 } = one['digest'];
    if (typeof sha256 !== 'string' || !HEX.test(sha256)) return 'a subject without sha256';
    if (names.has(one['name'])) return 'two subjects of one name';
    names.add(one['name']);
  }
  return null;
}

/** Each signer signed once with the key for the run's mode. The payload is an in-toto Statement whose first subject is the index. */
export const statementShape: Checker = (bundle) => {
  const { signed, statement } = bundle.packRun();
  const payload = signed[0]?.opened.payload ?? fail('the statement is missing');
  const value = parseCanonical(parseUtf8(payload));
  const objection = statementObjection(value, PREDICATE.packRun);
  if (objection !== null) fail(objection);
  if (statement.subject[0]?.name !== FIRST_SUBJECT) fail(`the first subject is not ${FIRST_SUBJECT}`);
  const unknown = Object.keys(statement.predicate).filter((member) => !MEMBERS.has(member));
  const signers = signed.map(({ opened }) => opened.key.keyid).join(', ');
  return found(
    'signed',
    `signed by ${signers}${unknown.length > 0 ? `; unknown members ignored: ${unknown.join(', ')}` : ''}`,
  );
};

/** Every member of the signed statement equals the one that is derived from the documents. */
export const statementAgrees: Checker = (bundle) => {
  const { statement } = bundle.packRun();
  const documents = bundle.documents();
  const derived = buildStatement(documents);
  if (!same(derived.subject, statement.subject)) fail('the subjects differ');
  const claimed: { readonly [member: string]: object } = statement.predicate as unknown as { [member: string]: object };
  const members = derived.predicate as unknown as { readonly [member: string]: object };
  for (const member of Object.keys(members)) {
    if (!Object.hasOwn(claimed, member)) fail(`${member} is missing`);
    if (!same(members[member] ?? null, claimed[member] ?? null)) fail(`${member} differs`);
  }
  stepsAgree(bundle);
  const { builder } = documents.evidence.asserted;
  if (!builderFits(builder, documents.environment.mode))
    fail(`${builder} does not fit mode ${documents.environment.mode}`);
  return found('recomputed', 'all except builder and audit, which the signer asserts');
};

/** `steps.ndjson` agrees with the journal. */
export const stepsAgree: Checker = (bundle) => {
  const text = parseUtf8(fileOf(bundle.request.files, 'steps.ndjson'));
  if (text !== stepsNdjson(bundle.documents())) fail('steps.ndjson differs');
  return found('recomputed', 'steps.ndjson');
};

function same(a: PackRunStatement['subject'] | object | null, b: object | null): boolean {
  return canonical(a === null ? null : asJson(a)) === canonical(b === null ? null : asJson(b));
}

/**
 * SLSA provenance of a succeeded run: the signed one equals the derived one, without further parameters. The same holds for the statements
 * about bills of materials, which the provenance names.
 */
export const provenanceAgrees: Checker = (bundle) => {
  const boms = bomsAgree(bundle);
  const derived = buildProvenance(bundle.documents(), boms);
  const summary = summarySigner(bundle, derived !== null);
  const present = bundle.request.files.has(PROVENANCE_ATTESTATION);
  if (derived === null) {
    if (present) fail('a run that did not succeed has provenance');
    return found('absent', 'the run did not succeed');
  }
  if (!present) fail('the run succeeded, and its provenance is missing');
  const { opened } = bundle.openStatement(PROVENANCE_ATTESTATION, bundle.runUsage());
  const signed = parseUtf8(opened.payload);
  const expected = isVersionOne(signed) ? buildProvenanceV1(bundle.documents()) : derived;
  if (expected === null || signed !== canonical(asJson(expected))) fail('it differs from what the run did');
  if (boms.length > 0 && expected !== derived) fail('it does not name the CycloneDX statements');
  const more = [
    ...(summary === null ? [] : [`summary by ${summary}`]),
    ...(boms.length === 0 ? [] : [`${boms.length} CycloneDX`]),
  ];
  return found('recomputed', [`signed by ${opened.key.keyid}`, ...more].join('; '));
};

/** Members that only the issuer of a summary knows. The others are derived from the run. */
const summaryShape = closed<Pick<Statement<VerificationSummary>, 'predicate' | '_type' | 'subject' | 'predicateType'>>({
  _type: oneOf(STATEMENT_TYPE),
  subject: anyJson as never,
  predicateType: text,
  predicate: closed<VerificationSummary>({
    verifier: closed({ id: text }),
    timeVerified: instant,
    resourceUri: text,
    policy: closed({ uri: text, digest: closed({ sha256: text }) }),
    inputAttestations: anyJson as never,
    verificationResult: oneOf('PASSED'),
    verifiedLevels: anyJson as never,
    slsaVersion: oneOf('1.0'),
  }),
});
/** True for provenance with the build type of earlier releases. */
function isVersionOne(payload: string): boolean {
  const { predicate } = parseCanonical(payload) as {
    readonly predicate?: { readonly buildDefinition?: { readonly buildType?: Json } };
  };
  return predicate?.buildDefinition?.buildType === BUILD_TYPE_V1;
}

/** Statements about bills of materials, derived from the artifacts that the bundle carries. Returns those that exist. */
function bomsAgree(bundle: VerificationSession): readonly BomStatement[] {
  const paths = cyclonedxFiles(bundle.request.files);
  if (paths.length === 0) return [];
  const boms = bomStatements(bundle.documents());
  for (const [place, path] of paths.entries()) {
    if (path !== cyclonedxAttestation(place)) fail(`${cyclonedxAttestation(place)} is missing`);
    const derived = boms[place] ?? fail(`${path}: the run has no such CycloneDX document`);
    const { opened } = bundle.openStatement(path, bundle.runUsage());
    if (parseUtf8(opened.payload) !== canonical(asJson(derived.statement)))
      fail(`${path} differs from the artifact in the bundle`);
  }
  return boms.slice(0, paths.length);
}

/** A verification summary, if there is one, is about this run's statement and subjects. Returns its key; null without a summary. */
function summarySigner(bundle: VerificationSession, hasSucceeded: boolean): string | null {
  if (!bundle.request.files.has(SUMMARY_ATTESTATION)) return null;
  if (!hasSucceeded) fail('a run that did not succeed has a verification summary');
  const { opened } = bundle.openStatement(SUMMARY_ATTESTATION, 'summary');
  const value = parseCanonical(parseUtf8(opened.payload));
  const objection = statementObjection(value, PREDICATE.summary);
  if (objection !== null) fail(`summary: ${objection}`);
  const { subject, predicate } = value as unknown as Statement<VerificationSummary>;
  const { signed, statement } = bundle.packRun();
  if (!same(subject, statement.subject)) fail('the summary has other subjects');
  const input = predicate.inputAttestations.map(({ digest }) => `sha256:${digest.sha256}`);
  if (input.length !== 1 || input[0] !== signed[0]?.opened.digest) fail('the summary is about another statement');
  if (predicate.verificationResult !== 'PASSED') fail('the summary does not have the result PASSED');
  const { verifier, timeVerified, policy } = readShape(summaryShape, value, 'the summary').predicate;
  const digestOfPolicy = `sha256:${policy.digest.sha256}` as Digest;
  const supplied = { id: verifier.id, at: timeVerified, policy: { uri: policy.uri, digest: digestOfPolicy } };
  const derived = buildSummary(
    bundle.documents(),
    signed[0]?.opened.digest ?? fail('the statement is missing'),
    supplied,
  );
  if (parseUtf8(opened.payload) !== canonical(asJson(derived ?? {}))) fail('the summary contradicts the run');
  return opened.key.keyid;
}
