import { isCodedError } from '../../foundation/coded-error';
import type { Digest } from '../../foundation/ids';
import { openInputs, readEvidence, sensitiveInputs, type EvidenceDocuments } from '../records/evidence-documents';
import { declaredInputs, inDeclaredOrder } from '../../plan/behind/input-order';
import { MANIFEST, packRunAttestation } from '../bundle/bundle-files';
import { fileOf, readBundle, readSigstoreFile, type BundleContent } from '../bundle/read-bundle';
import { readManifest } from '../records/read-documents';
import { secretRecords } from '../records/secret-records';
import { named, parseStrictJson, parseUtf8 } from '../encoding/strict-json';
import type { TrustFile } from '../encoding/trust';
import type { Check } from '../verify/check/check';
import type { Verification } from '../verify/verify-run';
import { withheldPaths } from '../records/withheld';
import { concessionsOf } from './concessions';
import { firstCause } from './first-cause';
import type { Report, ReportContents, ReportedFile, ShortContents, Verdict, WorkingPaper } from './report';
import { gatesNotApplied, reportedEffects, reportedGates, reportedPolicies } from './report-gates';
import { reportedArtifacts, reportedEgress } from './report-outputs';
import { reportedLogs, reportedPolicySources, reportedPrograms, reportedResults } from './report-programs';
import { reportedPlan, reportedRun, reportedSteps } from './report-run';
import { residualsOf } from './residuals';

/** Inputs of a report. */
export interface ReportRequest {
  readonly bundle: ReportedFile;
  readonly files: BundleContent;
  readonly paper?: WorkingPaper;
  /** Null: no trust file was given, and nothing was verified. */
  readonly verified: { readonly verification: Verification; readonly trust: TrustFile } | null;
  /** Checks that were made without a trust file (`checkContents`); ignored if `verified` has checks. */
  readonly unsigned?: readonly Check[];
}

/**
 * Builds the report of a run for an auditor. A bundle that fails its verification gets a report too, as far as its documents can be read,
 * with the verdict in it. Never throws because of a bundle's content.
 */
export function buildReport({ bundle, files, verified, unsigned = [], paper }: ReportRequest): Report {
  let concessions: readonly string[] = [];
  const reported = readContents(() => {
    const documents = verified?.verification.documents ?? readUnverified(files);
    concessions = concessionsOf(documents.evidence, verified?.verification.ok ?? false);
    return contentsOf(documents, listedDigests(files));
  });
  return {
    schema: 'taskrunner.report.v1',
    bundle,
    verdict: { ...verdictOf(verified, unsigned, files.size > 0), concessions },
    verification: paper ?? null,
    ...reported,
  };
}

function verdictOf(
  verified: ReportRequest['verified'],
  unsigned: readonly Check[],
  hasFiles: boolean,
): Omit<Verdict, 'concessions'> {
  if (verified === null)
    return {
      status: 'unverified',
      summary: null,
      trust: null,
      signers: [],
      cause: null,
      checks: unsigned,
      residuals: residualsOf([]),
    };
  const { verification, trust } = verified;
  const { ok, summary, checks, signers } = verification;
  return {
    status: ok ? 'verified' : 'failed',
    summary,
    trust: { id: trust.id, serial: trust.serial, expires: trust.expires, require: trust.require },
    signers,
    cause: firstCause(checks, hasFiles),
    checks,
    residuals: residualsOf(checks),
  };
}

/** The inputs, in the order in which the manifest of the pack declares them. */
function reportedInputs({ plan, evidence }: EvidenceDocuments): ReportContents['inputs'] {
  const declared = declaredInputs(parseStrictJson(evidence.pack.manifest));
  return {
    values: Object.fromEntries(inDeclaredOrder(openInputs(plan), declared)),
    sensitive: sensitiveInputs(plan),
  };
}

/** The documents of a bundle. No signature was checked. */
function readUnverified(files: BundleContent): EvidenceDocuments {
  const envelope = () => readSigstoreFile(files, packRunAttestation(0)).envelope;
  const statement = (): ReturnType<typeof parseStrictJson> =>
    named(`the statement in ${packRunAttestation(0)}`, () => parseStrictJson(parseUtf8(envelope().payload)));
  return readEvidence(readBundle(files, statement));
}

function readContents(read: () => ReportContents): Pick<Report, 'contents' | 'unreadable'> {
  try {
    return { contents: read(), unreadable: null };
  } catch (error) {
    if (isCodedError(error)) return { contents: null, unreadable: `${error.code}: ${error.message}` };
    return { contents: null, unreadable: `malformed (${error instanceof Error ? error.name : 'unknown'})` };
  }
}

/** Digests of the files by path, as the manifest lists them; none if it cannot be read. */
function listedDigests(files: BundleContent): ReadonlyMap<string, Digest> {
  try {
    return new Map(readManifest(fileOf(files, MANIFEST)).files.map(({ path, sha256 }) => [path, sha256]));
  } catch {
    return new Map();
  }
}

/**
 * The contents of the short answer: who started the run, who decided what, and how it ended. Throws for documents that contradict their
 * types.
 */
export function shortContentsOf(documents: EvidenceDocuments): ShortContents {
  return {
    run: reportedRun(documents),
    gates: reportedGates(documents),
    gatesNotApplied: gatesNotApplied(documents),
    policies: reportedPolicies(documents),
    resolutions: [...documents.resolutions.values()].map(({ record }) => record),
  };
}

/**
 * The contents of the documents, verified or not. `digests`: those of the bundle's files by path. Throws for documents that contradict
 * their types.
 */
function contentsOf(documents: EvidenceDocuments, digests: ReadonlyMap<string, Digest> = new Map()): ReportContents {
  return {
    ...shortContentsOf(documents),
    inputs: reportedInputs(documents),
    plan: reportedPlan(documents),
    policySources: reportedPolicySources(documents),
    programs: reportedPrograms(documents),
    results: reportedResults(documents),
    logs: reportedLogs(documents, digests),
    effects: reportedEffects(documents),
    egress: reportedEgress(documents),
    artifacts: reportedArtifacts(documents),
    steps: reportedSteps(documents),
    secrets: secretRecords(documents),
    withheld: withheldPaths(documents.evidence),
  };
}
