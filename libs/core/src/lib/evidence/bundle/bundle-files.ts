import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import { RunningDigest } from '../../canonical/running-digest';
import { onceFor } from '../../foundation/once-for';
import type { Digest } from '../../foundation/ids';
import { entriesText } from '../../journal/chain';
import type { Page } from '../../journal/page';
import { artifactsJson, egressNdjson, stepsNdjson } from '../statement/derived-files';
import { planFiles } from './plan-files';
import type { BundleManifest, ResolutionRecord } from '../records/documents';
import type { Envelope } from '../encoding/envelope';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { logFiles } from '../records/log-files';
import { payloadOf } from '../records/read-documents';
import {
  asJson,
  isHeld,
  isWithheld,
  type PackFile,
  type RunEvidence,
  type Unheld,
  type Withheld,
} from '../records/run-evidence';
import { sigstoreFile } from '../encoding/sigstore';
import { PREDICATE, STATEMENT_TYPE, type Statement } from '../statement/statement';
import { toUtf8 } from '../encoding/strict-json';
import { artifactPath, secretNotice } from '../records/withheld';

/** One file of a bundle. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Of the bytes, if it is known. */
  readonly sha256?: Digest;
}

/** A file of a bundle that is spelled when it is written: the journal of a large run. */
export interface SpelledFile extends Unheld {
  readonly path: string;
  pieces(): Iterable<Uint8Array>;
}

/** A file of a bundle whose bytes are not held in memory: the stream of an execution. */
export interface UnheldFile extends Unheld {
  readonly path: string;
  readonly step: string;
  readonly execution: number;
  /** The chunks that it consists of. */
  readonly chunks: number;
}

/** An envelope and the OpenSSH fingerprint of the key that made it. */
export interface SignedStatement {
  readonly envelope: Envelope;
  readonly hint: string;
}

/** The statements about a run. Several keys may sign the same pack-run statement; provenance only if the run succeeded. */
export interface RunAttestations {
  readonly packRun: readonly SignedStatement[];
  readonly provenance: SignedStatement | null;
  /** Statement of a remote Attestor that it verified the run. */
  readonly summary?: SignedStatement | null;
  /** Statements about the bills of materials of `bomStatements`, in their order; an Attestor of an earlier release makes none. */
  readonly boms?: readonly SignedStatement[];
}

/** Number of entries of a journal that is held as text. */
const HELD_ENTRIES = 4_096;
/** Characters of a journal that are encoded together. */
const PIECE = 64 * 1024;
export const JOURNAL = 'journal.ndjson';

/** Paths of the manifest and its attestation. */
export const MANIFEST = 'MANIFEST.json';
export const MANIFEST_ATTESTATION = 'attestations/manifest.sigstore.json';
export const PROVENANCE_ATTESTATION = 'attestations/slsa.sigstore.json';
export const SUMMARY_ATTESTATION = 'attestations/vsa.sigstore.json';

/** `pack/signatures/1.sigstore.json` and so on: publishers' signatures, in the order of their keys' fingerprints. */
export function packSignaturePath(place: number): string {
  return `pack/signatures/${place + 1}.sigstore.json`;
}

/** `attestations/pack-run.sigstore.json`, further signers' as `pack-run.2.sigstore.json` and so on. */
export function packRunAttestation(place: number): string {
  return `attestations/pack-run${place === 0 ? '' : `.${place + 1}`}.sigstore.json`;
}

/** `attestations/cyclonedx.sigstore.json`, those of further documents as `cyclonedx.2.sigstore.json` and so on. */
export function cyclonedxAttestation(place: number): string {
  return `attestations/cyclonedx${place === 0 ? '' : `.${place + 1}`}.sigstore.json`;
}

/**
 * The files of a run's bundle, without the attestation of its manifest and without streams that are not held in memory (docs/guides/evidence-and-verification.md, Contents of a bundle). They
 * are sorted by path; the same records give the same bytes. The manifest also lists the streams that are not held. The last file to add is
 * `manifestAttestation`, signed over `buildBundleStatement` of the manifest.
 */
export function bundleFiles(
  documents: EvidenceDocuments,
  attestations: RunAttestations,
): {
  readonly files: readonly BundleFile[];
  readonly spelled: readonly SpelledFile[];
  readonly manifest: BundleManifest;
} {
  const { held, spelled } = filesOf(documents);
  const files = sorted([...held, ...attestationFiles(attestations)]).map((file) => {
    return { path: file.path, bytes: file.bytes, sha256: file.sha256 ?? sha256(file.bytes) };
  });
  const manifest: BundleManifest = {
    schema: 'taskrunner.manifest.v1',
    run: documents.admission.record.runId,
    files: sorted([
      ...files.map(({ path, bytes, sha256: digest }) => ({ path, sha256: digest, size: bytes.length })),
      ...[...spelled, ...unheldFiles(documents)].map(({ path, size, sha256: digest }) => ({
        path,
        sha256: digest,
        size,
      })),
    ]),
  };
  return { files: sorted([...files, { path: MANIFEST, bytes: manifestBytes(manifest) }]), spelled, manifest };
}

/** The bytes of `MANIFEST.json`. */
const manifestBytes: (manifest: BundleManifest) => Uint8Array = onceFor(payloadOf);

/** The predicate `https://stellaops.io/attestation/evidence-bundle/v1`. */
type EvidenceBundle = { readonly run: string; readonly files: number };

/** The statement over `MANIFEST.json`: sign it with a key of usage `bundle`. */
export function buildBundleStatement(manifest: BundleManifest): Statement<EvidenceBundle> {
  return {
    _type: STATEMENT_TYPE,
    predicate: { files: manifest.files.length, run: manifest.run },
    predicateType: PREDICATE.bundle,
    subject: [{ digest: { sha256: sha256(manifestBytes(manifest)).slice(7) }, name: MANIFEST }],
  };
}

/** The bundle's last file. */
export function manifestAttestation({ envelope, hint }: SignedStatement): BundleFile {
  return { path: MANIFEST_ATTESTATION, bytes: sigstoreFile(envelope, hint) };
}

/** The files of these statements. */
export function attestationFiles(attestations: RunAttestations): readonly BundleFile[] {
  const { packRun, provenance, summary = null, boms = [] } = attestations;
  const file = (path: string, signed: SignedStatement | null): readonly BundleFile[] =>
    signed === null ? [] : [{ path, bytes: sigstoreFile(signed.envelope, signed.hint) }];
  return [
    ...packRun.flatMap((signed, place) => file(packRunAttestation(place), signed)),
    ...file(PROVENANCE_ATTESTATION, provenance),
    ...file(SUMMARY_ATTESTATION, summary),
    ...boms.flatMap((signed, place) => file(cyclonedxAttestation(place), signed)),
  ];
}

/** The files that `contentOf` leaves out. */
export function unheldFiles({ evidence, facts }: EvidenceDocuments): readonly UnheldFile[] {
  const streams = new Map(evidence.logs.map(({ step, execution, data }) => [`${execution} ${step}`, data]));
  return logFiles(facts).flatMap(({ path, step, execution, chunks }) => {
    const data = streams.get(`${execution} ${step}`);
    if (data === undefined || isHeld(data) || isWithheld(data)) return [];
    return [{ path, step, execution, chunks: chunks.length, size: data.size, sha256: data.sha256 }];
  });
}

/** Files whose bytes follow from the records in them: envelopes, the listing of the pack, and publishers' signatures, each in order. */
export function recordFiles(documents: EvidenceDocuments): readonly BundleFile[] {
  const { evidence } = documents;
  const envelopes = (folder: string, all: readonly Envelope[]): readonly BundleFile[] =>
    all.map((envelope, i) => ({ path: `${folder}/${i + 1}.json`, bytes: payloadOf(envelope) }));
  return [
    { path: 'admission.json', bytes: payloadOf(evidence.admission) },
    { path: 'pack/files.json', bytes: toUtf8(packListing(evidence)) },
    ...[...evidence.pack.signatures]
      .sort((a, b) => (a.hint < b.hint ? -1 : 1))
      .map(({ envelope, hint }, i) => ({ path: packSignaturePath(i), bytes: sigstoreFile(envelope, hint) })),
    ...envelopes('decisions', decisionsInOrder(documents)),
    ...envelopes('resolutions', resolutionsInOrder(documents)),
    ...envelopes('releases', evidence.releases ?? []),
  ];
}

/** Every file that is neither a statement nor the manifest nor a stream that is not held in memory, with its bytes. */
export function contentOf(documents: EvidenceDocuments): readonly BundleFile[] {
  return released(documents, wholeContentOf(documents, journalNdjson(documents.evidence.pages)));
}

/** The same files. The journal of a large run is `spelled`, so that a seal does not hold its text and its bytes. */
export function filesOf(documents: EvidenceDocuments): {
  readonly held: readonly BundleFile[];
  readonly spelled: readonly SpelledFile[];
} {
  if (!isSpelled(documents.evidence)) return { held: contentOf(documents), spelled: [] };
  return { held: released(documents, wholeContentOf(documents, null)), spelled: [spelledJournal(documents)] };
}

/** With notices in place of the files that operators have released. */
function released(documents: EvidenceDocuments, files: readonly BundleFile[]): readonly BundleFile[] {
  const paths = new Set(documents.evidence.released ?? []);
  return files.map((file) =>
    paths.has(file.path) ? { path: file.path, bytes: toUtf8(canonical(secretNotice(file.path))) } : file,
  );
}

/** True for a journal that is not held: a large one that no notice replaces. */
function isSpelled({ pages, released: replaced = [] }: RunEvidence): boolean {
  return pages.reduce((sum, page) => sum + page.entries.length, 0) > HELD_ENTRIES && !replaced.includes(JOURNAL);
}

const spelledJournal = onceFor(({ evidence: { pages } }: EvidenceDocuments): SpelledFile => {
  const digest = new RunningDigest();
  for (const piece of journalPieces(pages)) digest.add(piece);
  return { path: JOURNAL, size: digest.size, sha256: digest.end(), pieces: () => journalPieces(pages) };
});

/** @param journal null: left out. */
function wholeContentOf(documents: EvidenceDocuments, journal: string | null): readonly BundleFile[] {
  const { evidence, facts } = documents;
  const written = (path: string, text: string): BundleFile => ({ path, bytes: toUtf8(text) });
  const kept = (path: string, data: string | Uint8Array | Unheld | Withheld): readonly BundleFile[] => {
    if (isWithheld(data)) return [written(path, canonical(data))];
    if (!isHeld(data)) return [];
    return [typeof data === 'string' ? written(path, data) : { path, bytes: data }];
  };
  const streams = new Map(evidence.logs.map(({ step, execution, data }) => [`${execution} ${step}`, data]));
  const pack = inPathOrder(evidence);
  return [
    ...recordFiles(documents),
    ...planFiles(documents),
    ...pack.flatMap(({ path, bytes }) => (bytes ? [{ path: `pack/files/${path}`, bytes }] : [])),
    ...evidence.gates.flatMap(({ request, show }) => {
      const name = `gates/${sha256(request).slice(7)}`;
      return [written(`${name}.json`, request), ...kept(`${name}.show.json`, show)];
    }),
    ...[...evidence.probes.values()].map((text) => written(`probes/${sha256(text).slice(7)}.json`, text)),
    ...(journal === null ? [] : [written(JOURNAL, journal)]),
    ...logFiles(facts).flatMap(({ path, step, execution }) => {
      const data = streams.get(`${execution} ${step}`);
      return data === undefined ? [] : kept(path, data);
    }),
    written('egress.ndjson', egressNdjson(documents)),
    written('steps.ndjson', stepsNdjson(documents)),
    written('artifacts.json', artifactsJson(documents)),
    ...[...evidence.artifacts].flatMap(([digest, data]) => kept(artifactPath(digest), data)),
  ];
}

function inPathOrder({ pack }: Pick<RunEvidence, 'pack'>): readonly PackFile[] {
  return [...pack.files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `pack/files.json`: the files of the pack without its manifest. */
export function packListing(evidence: Pick<RunEvidence, 'pack'>): string {
  return canonical(
    inPathOrder(evidence).map(({ path, digest, size, executable }) => ({ digest, executable, path, size })),
  );
}

/** One page per line, each in RFC 8785 form. `values` is outside of the hash chain: `hash` does not cover it. */
export function journalNdjson(pages: readonly Page[]): string {
  return pages.map(journalLine).join('');
}

function* journalPieces(pages: readonly Page[]): Iterable<Uint8Array> {
  let text = '';
  for (const page of pages) {
    text += journalLine(page);
    if (text.length < PIECE) continue;
    yield toUtf8(text);
    text = '';
  }
  if (text !== '') yield toUtf8(text);
}

function journalLine({ first, prev, hash, entries, values }: Page): string {
  const others = canonical({ first, hash, prev, values });
  return `{"entries":${entriesText(entries)},${others.slice(1)}\n`;
}

/** Records in the order in which the journal took them. Records that it did not take follow, by time and id. */
function decisionsInOrder({ decisions, facts }: EvidenceDocuments): readonly Envelope[] {
  const order = new Map<string, number>();
  for (const { event } of facts.entries) {
    if (event.type === 'gate.decided' && !order.has(event.record)) order.set(event.record, order.size);
  }
  return [...decisions]
    .sort(([a, one], [b, other]) => {
      const [left, right] = [order.get(a) ?? Infinity, order.get(b) ?? Infinity];
      if (left !== right) return left < right ? -1 : 1;
      const [x, y] = [one.record, other.record];
      return x.decidedAt < y.decidedAt ? -1 : x.decidedAt > y.decidedAt ? 1 : x.decisionId < y.decisionId ? -1 : 1;
    })
    .map(([, { sealed }]) => sealed);
}

/** By time, step and execution. */
function resolutionsInOrder({ resolutions }: EvidenceDocuments): readonly Envelope[] {
  const keyOf = ({ decidedAt, step, execution }: ResolutionRecord): string => canonical([decidedAt, step, execution]);
  return [...resolutions.values()]
    .sort((a, b) => (keyOf(a.record) < keyOf(b.record) ? -1 : 1))
    .map(({ sealed }) => sealed);
}

function sorted<File extends { readonly path: string }>(files: readonly File[]): readonly File[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** A statement's payload, as it is signed: RFC 8785. */
export function statementPayload(statement: Statement<object>): Uint8Array {
  return toUtf8(statementText(statement));
}

/** A statement's payload as text. */
export function statementText(statement: Statement<object>): string {
  return canonical(asJson(statement));
}
