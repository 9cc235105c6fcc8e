import { archiveOf, statementParts } from '../../evidence/bundle/archive';
import {
  bundleFiles,
  manifestAttestation,
  unheldFiles,
  type BundleFile,
  type RunAttestations,
  type SpelledFile,
} from '../../evidence/bundle/bundle-files';
import { decodeEnvelope } from '../../evidence/encoding/envelope';
import { exportRequests } from '../../evidence/records/export-requests';
import { readEvidence, type EvidenceDocuments } from '../../evidence/records/evidence-documents';
import { factsOf } from '../../evidence/records/run-facts';
import { isReleasable, withheldPaths, withholdSecrets, withoutUntakenSecrets } from '../../evidence/records/withheld';
import type { Digest } from '../../foundation/ids';
import { checkChain, type Head } from '../../journal/chain';
import type { Page } from '../../journal/page';
import type { Attestor } from '../../ports/evidence/attestor';
import type { Claims } from '../../ports/runs/claims';
import type { SealableLogStore } from '../../ports/runs/log-store';
import type { Outbox, OutboxItem } from '../../ports/evidence/outbox';
import type { RunReader, RunRecords } from '../../ports/runs/run-reader';
import { DocumentAltered, type Alteration } from '../../stored/document-altered';
import { compareRecords, type RecordKeys } from './compare-records';
import { macsDiffer } from '../claimed-run/driver-dependencies';
import { piecesOf, readEndedLog } from './ended-log';
import { leaksIn, redactorOf } from './final-scan';
import { gatherEvidence, withLargeValues, type GatherDependencies } from './gather-evidence';
import { SerialQueue } from '../work/serial-queue';
import type { SecretDependencies } from '../claimed-run/run-secrets';

/** Dependencies of attesting. */
export interface AttestDependencies extends RecordKeys, GatherDependencies {
  readonly claims: Claims;
  readonly runReader: RunReader;
  readonly logs: SealableLogStore;
  readonly outbox: Outbox;
  readonly secrets: SecretDependencies;
  readonly attestor: Attestor;
  /** Computes the HMAC under the workers' journal key, hexadecimal. */
  readonly mac: (text: string) => string;
  /** Pause before a postponed seal is tried again, milliseconds. It doubles up to a minute, or stays constant if it is longer. */
  readonly retryMs: number;
  /**
   * Maximum total bytes of log streams that are held in memory: of a large run, and of all others that are sealed at once. Further streams are
   * read again when their files are written.
   */
  readonly heldLogBytes: number;
  /** Number of runs that are sealed at once, of which one is large. */
  readonly atOnce: number;
  readonly maxBundleBytes: number;
  /** Builds the bundle of these files. Returns the offset of each file's content. */
  archive(files: readonly ArchivedFile[], placed: (path: string, offset: number) => void): AsyncIterable<Uint8Array>;
}

/** A file for a bundle: its bytes, or a function that reads them when they are written. */
export type ArchivedFile =
  | BundleFile
  | { readonly path: string; readonly size: number; pieces(): AsyncIterable<Uint8Array> };

/** Result of attesting. `pending`: it is tried again. Evidence may be late but is never lost. */
export type Attested =
  /** `withheld`: files that held a secret and were replaced by a notice. An operator must see it. */
  | { readonly kind: 'sealed'; readonly bundle: Digest; readonly withheld: readonly string[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'pending'; readonly reason: string }
  /** Files that cannot be withheld hold a secret, or the journal or a document was altered. An operator must see it. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly altered?: readonly Alteration[] };

/** Pages of a large journal that are read together. */
const PAGES_AT_ONCE = 512;

/** Workers see no run that was sealed more than ten minutes ago, and take its attestation for the proof of that. */
const NO_RUN =
  'there is no such run, or a row of pack_artifacts.attestations that no seal has written says that it was sealed long ago';
const LONGEST_RETRY_MS = 60_000;
/**
 * Size that makes a run large: stored bytes of its journal (a sixth of the memory that it takes), lines of its log, bytes of its artifacts.
 */
const LARGE = { journal: 128 * 1024, lines: 2_000, artifacts: 1024 * 1024 };

/**
 * Seals an ended run (docs/guides/evidence-and-verification.md): the statement is built from the documents that the bundle carries, signed and put into the bundle; the
 * bundle's manifest is signed; everything is stored; then one SQL statement publishes it. A step cannot prevent the seal, because the
 * statement contains no free text of a step.
 *
 * @param largeRuns queue for large runs: a worker that seals several runs at once holds only one large run in memory.
 */
export async function attestRun(
  dependencies: AttestDependencies,
  item: OutboxItem,
  largeRuns: Pick<SerialQueue, 'take'> = new SerialQueue(),
): Promise<Attested> {
  try {
    const records = await dependencies.runReader.records(item.tenant, item.runId);
    if (!records) return await postpone(dependencies, item, NO_RUN);
    const { heldLogBytes, atOnce } = dependencies;
    if (isLarge(records)) return await largeRuns.take(() => sealRun(dependencies, item, records, heldLogBytes));
    return await sealRun(dependencies, item, records, heldLogBytes / atOnce);
  } catch (error) {
    if (DocumentAltered.is(error)) return blockAltered(dependencies, item, error);
    return postpone(dependencies, item, error instanceof Error ? error.message : String(error));
  }
}

async function blockAltered(
  dependencies: AttestDependencies,
  item: OutboxItem,
  error: DocumentAltered,
): Promise<Attested> {
  const { kind, reason } = await postpone(dependencies, item, `${error.code}: ${error.message}`, 'blocked');
  return { kind, reason, altered: error.all };
}

function isLarge({ journalBytes, summary, artifacts }: RunRecords): boolean {
  const carried = artifacts.reduce((sum, { size }) => sum + size, 0);
  return journalBytes > LARGE.journal || summary.lastLine > LARGE.lines || carried > LARGE.artifacts;
}

async function sealRun(
  dependencies: AttestDependencies,
  item: OutboxItem,
  records: RunRecords,
  heldLogBytes: number,
): Promise<Attested> {
  const pages = await readJournal(dependencies, item, records);
  if (typeof pages === 'string') return await postpone(dependencies, item, pages, 'blocked');
  compareRecords(dependencies, item, records, factsOf(pages));
  const unread = await gatherEvidence(dependencies, item.tenant, item.runId, records, pages);
  const read = await withLargeValues(dependencies, item.tenant, readEvidence(unread, records.documents));
  const redactor = await redactorOf(dependencies, read);
  const of = { tenant: item.tenant, run: item.runId, facts: read.facts };
  const { chunks, streams } = await readEndedLog(dependencies.logs, of, redactor, heldLogBytes);
  const gathered = { ...read.evidence, logs: streams };
  const holds = (bytes: Uint8Array): boolean => redactor.holds(bytes);
  const scanned = redactor.isIdle
    ? { ...read, evidence: gathered }
    : readEvidence(withholdSecrets(withoutUntakenSecrets(gathered, read.facts, holds), holds));
  const leaks = leaksIn(redactor, scanned);
  const documents = released(dependencies, item, records, scanned, leaks, holds);
  const left = leaks.filter((path) => documents.evidence.released?.includes(path) !== true);
  if (left.length > 0)
    return await postpone(dependencies, item, `SECRET_IN_EVIDENCE: ${redactor.text(left.join(', '))}`, 'blocked');
  const attestations = await dependencies.attestor.attest(documents);
  const [first] = attestations.packRun;
  if (!first) throw new TypeError('an attestor made no statement');
  const { files, spelled } = await closeBundle(dependencies, documents, attestations);
  const unheld = unheldFiles(documents).map((file) => {
    return { path: file.path, size: file.size, pieces: () => piecesOf(dependencies.logs, of, file) };
  });
  const offsets = new Map<string, number>();
  const tar = dependencies.archive(
    inOrder([...files, ...spelled.map(archived), ...unheld]),
    (path, offset) => void offsets.set(path, offset),
  );
  const { digest, size } = await dependencies.objects.put(item.tenant, tar, { maxBytes: dependencies.maxBundleBytes });
  const sealed = await dependencies.outbox.seal(item, {
    tenant: item.tenant,
    runId: item.runId,
    bundle: digest,
    bundleSize: size,
    statement: decodeEnvelope(first.envelope).digest,
    statements: statementParts(files, offsets),
    exports: exportRequests(documents),
    archive: archiveOf(documents, [...files, ...spelled], chunks, offsets),
  });
  const withheld = [...withheldPaths(documents.evidence), ...(documents.evidence.released ?? [])];
  return sealed ? { kind: 'sealed', bundle: digest, withheld } : { kind: 'known' };
}

/**
 * The documents without the files with secrets that operators have released, and with the releases: those that a ledger key signed for this
 * run.
 */
function released(
  { openRelease }: AttestDependencies,
  { tenant, runId }: OutboxItem,
  { releases }: RunRecords,
  documents: EvidenceDocuments,
  leaks: readonly string[],
  holdsSecret: (bytes: Uint8Array) => boolean,
): EvidenceDocuments {
  const counting = releases.flatMap((envelope) => {
    const record = openRelease(envelope);
    const isOurs = record !== null && record.runId === runId && record.tenant === tenant;
    return isOurs && !holdsSecret(decodeEnvelope(envelope).payload) ? [{ envelope, record }] : [];
  });
  if (counting.length === 0) return documents;
  const named = new Set(counting.flatMap(({ record }) => record.paths));
  const paths = leaks.filter((path) => isReleasable(path) && named.has(path)).sort();
  const evidence = { ...documents.evidence, releases: counting.map(({ envelope }) => envelope), released: paths };
  return { ...documents, evidence };
}

/**
 * The whole journal is read again, and checked: claims that resumed from a snapshot did not read all of it, and the last claim may be long
 * ago. A large one is read in parts, so that its rows and texts are not held together. Returns what is wrong with it, if anything is.
 */
async function readJournal(
  dependencies: AttestDependencies,
  { tenant, runId }: OutboxItem,
  { admission, journalBytes }: RunRecords,
): Promise<readonly Page[] | string> {
  const limit = journalBytes > LARGE.journal ? PAGES_AT_ONCE : undefined;
  const pages: Page[] = [];
  let head: Head | null = null;
  let fence = 0;
  for (;;) {
    // After the first entry of the last page: a row within it is read, too, and breaks the chain.
    const stored = await dependencies.claims.pages(tenant, runId, pages.at(-1)?.first ?? 0, limit);
    head ??= { seq: 0, hash: decodeEnvelope(admission).digest };
    // The journal of a small run is written to its bundle from the texts that it was read from.
    const checked = checkChain(head, stored, pages.at(-1)?.entries.at(-1)?.at, limit === undefined);
    const { broken } = checked;
    if (broken) return `JOURNAL_TAMPERED: the chain breaks at entry ${broken.first}: ${broken.reason}`;
    const badMac = macsDiffer(dependencies, runId, stored, fence);
    if (badMac !== null) return `JOURNAL_TAMPERED: ${badMac}`;
    for (const { first, entries, values, prev, hash } of stored) pages.push({ first, entries, values, prev, hash });
    head = checked.head;
    fence = fenceOf(stored) ?? fence;
    if (limit === undefined || stored.length === 0) break;
  }
  // The item of the seal was committed with the end of the run.
  return factsOf(pages).ended === null ? 'JOURNAL_TAMPERED: the journal does not end the run' : pages;
}

/** The fence of the last claim in these pages; null: there is none. */
function fenceOf(pages: readonly Page[]): number | null {
  for (const { entries } of [...pages].reverse()) {
    const claim = entries.findLast(({ event }) => event.type === 'run.claimed')?.event;
    if (claim?.type === 'run.claimed') return claim.fence;
  }
  return null;
}

async function postpone<Kind extends 'pending' | 'blocked' = 'pending'>(
  dependencies: AttestDependencies,
  item: OutboxItem,
  reason: string,
  kind: Kind = 'pending' as Kind,
): Promise<{ readonly kind: Kind; readonly reason: string }> {
  const pause = Math.min(
    dependencies.retryMs * 2 ** Math.min(item.tries, 6),
    Math.max(LONGEST_RETRY_MS, dependencies.retryMs),
  );
  await dependencies.outbox.postpone(item, pause, kind, reason);
  return { kind, reason };
}

async function closeBundle(
  dependencies: AttestDependencies,
  documents: EvidenceDocuments,
  attestations: RunAttestations,
): Promise<{ readonly files: readonly BundleFile[]; readonly spelled: readonly SpelledFile[] }> {
  const { files, spelled, manifest } = bundleFiles(documents, attestations);
  const signed = await dependencies.attestor.sealManifest(manifest, files);
  return { files: [...files, manifestAttestation(signed)], spelled };
}

function archived(file: SpelledFile): ArchivedFile {
  const { path, size } = file;
  return {
    path,
    size,
    async *pieces() {
      yield* file.pieces();
    },
  };
}

function inOrder(files: readonly ArchivedFile[]): readonly ArchivedFile[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}
