import { canonical } from '../../canonical/canonical';
import type { Digest } from '../../foundation/ids';
import { isJsonObject, type JsonObject } from '../../foundation/json';
import { answerAgain } from './answers/answer-again';
import { contentOf, journalNdjson, type BundleFile } from '../bundle/bundle-files';
import { carriedOf } from '../records/carried';
import { fail, openSession, type VerificationSession, type VerifyRequest } from './check/verification-session';
import { answer, type Check, type CheckName, type Found } from './check/check';
import { stepsAgree } from './check/check-statement';
import { draftKeys } from './check/check-trust';
import { CHECKERS } from './checkers';
import { bomStatements } from '../predicates/cyclonedx';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { readAssertedJson, type BundleContent } from '../bundle/read-bundle';
import { builderFits } from '../records/builder';
import { asJson, isWithheld, type Asserted } from '../records/run-evidence';
import { buildStatement } from '../statement/statement';
import { parseStrictJson, parseUtf8, toUtf8 } from '../encoding/strict-json';
import { artifactPath } from '../records/withheld';

/**
 * What a worker shows a remote Attestor (docs/guides/evidence-and-verification.md, Signers): the bundle's documents without what steps printed and produced and without what
 * gates showed; of those the journal's digests stand. Of what steps returned, only the values that the run's own questions, its policies and its
 * pure built-in steps read go along, so that the Attestor can answer them again. Notices of withheld secrets go along, since they are stated, and bills of materials,
 * since each gets a statement of its own that holds it (docs/predicates/cyclonedx.md).
 */
export function draftFiles(documents: EvidenceDocuments): readonly BundleFile[] {
  const shown = new Set([
    ...notices(documents),
    ...bomStatements(documents).map(({ artifact }) => artifactPath(artifact.digest)),
  ]);
  return contentOf(documents)
    .filter(({ path }) => shown.has(path) || !/^(?:logs\/|artifacts\/|gates\/.+\.show\.json$)/.test(path))
    .map((file) => (file.path === 'journal.ndjson' ? journalOf(documents) : file));
}

function notices({ evidence }: EvidenceDocuments): readonly string[] {
  const all = [
    ...evidence.gates.map(({ show }) => show),
    ...evidence.logs.map(({ data }) => data),
    ...evidence.artifacts.values(),
  ];
  return all.flatMap((data) => (isWithheld(data) ? [data.path] : []));
}

/**
 * Of the values only those from which the run's questions, the inputs of its policies and the outputs of pure built-in steps follow. The
 * hash chain does not cover values.
 */
function journalOf(documents: EvidenceDocuments): BundleFile {
  const { read } = answerAgain(documents, null);
  const pages = documents.evidence.pages.map((page) => ({
    ...page,
    values: Object.fromEntries(Object.entries(page.values).filter(([digest]) => read.has(digest as Digest))),
  }));
  return { path: 'journal.ndjson', bytes: toUtf8(journalNdjson(pages)) };
}

/** The statement's records of steps are derived from the journal. What the bundle carries is asserted if the trust file requires it. */
function statementFollows(bundle: VerificationSession): Found {
  const { draft, trust } = bundle.request;
  if (trust.require.carried === true && draft?.carried === null)
    fail('the worker does not state what the bundle contains, but require.carried requires it');
  return stepsAgree(bundle);
}

/** Checks of the signer's own signature, and of what the Attestor is not shown. */
const NOT_OF_DRAFTS: ReadonlySet<string> = new Set<CheckName>([
  ...(['manifest.signature', 'manifest.complete', 'time.basis', 'logs.digest', 'statement.shape'] as const),
  ...(['provenance.agrees', 'checkpoints', 'exceptions'] as const),
]);

const DRAFT_CHECKERS = Object.entries({
  ...CHECKERS,
  'trust.keys': draftKeys,
  'statement.agrees': statementFollows,
}).filter(([name]) => !NOT_OF_DRAFTS.has(name));

/** Parameters of a verification before signing. */
type DraftRequest = Pick<VerifyRequest, 'trust' | 'verifySignature' | 'now' | 'policyEngines'> & {
  readonly files: BundleContent;
  readonly asserted: Asserted;
};

/** The checks of a draft. If all of them hold and the builder fits the run's mode, also the documents for its statement. */
export function verifyDraft({ asserted, ...request }: DraftRequest): {
  readonly checks: readonly Check[];
  readonly documents: EvidenceDocuments | null;
} {
  const bundle = openSession({ ...request, draft: asserted });
  const checks = DRAFT_CHECKERS.map(([name, checker]) => answer(name as CheckName, checker, bundle));
  if (!checks.every(({ ok }) => ok)) return { checks, documents: null };
  const documents = bundle.documents();
  if (builderFits(asserted.builder, documents.environment.mode)) return { checks, documents };
  const detail = `${asserted.builder} does not fit mode ${documents.environment.mode}`;
  return { checks: [...checks, { name: 'statement.agrees', ok: false, basis: 'recomputed', detail }], documents: null };
}

/** The assertions of a draft, as the file beside its documents: RFC 8785. */
export function assertedFile({ evidence }: EvidenceDocuments): string {
  const { builder, audit, carried } = evidence.asserted;
  return canonical(asJson({ builder, audit, carried: carried === undefined ? carriedOf(evidence) : carried }));
}

/**
 * True if the payload is this run's statement, whatever it contains for the members that only the signer knows (builder and audit are
 * asserted). Otherwise an Attestor signed something that no verifier would accept for this run.
 */
export function isStatementOf(documents: EvidenceDocuments, payload: Uint8Array): boolean {
  const signed = parseStrictJson(parseUtf8(payload));
  const predicate = isJsonObject(signed) ? signed['predicate'] : null;
  if (!isJsonObject(predicate ?? null)) return false;
  const { builder = null, audit = null, carried = null } = predicate as JsonObject;
  const asserted = readAssertedJson({ builder, audit, carried });
  const derived = buildStatement({ ...documents, evidence: { ...documents.evidence, asserted } });
  return canonical(signed) === canonical(asJson(derived));
}
