import { answerAgain } from '../evidence/answers/answer-again';
import { LARGE_VALUE_BYTES, largeValues, valuesOf } from '../evidence/answers/large-values';
import { archiveOf, statementParts } from '../evidence/archive';
import {
  bundleFiles,
  MANIFEST,
  manifestAttestation,
  unheldFiles,
  type BundleFile,
  type RunAttestations,
} from '../evidence/bundle-files';
import type { ReleaseRecord } from '../evidence/documents';
import { decodeEnvelope, type Envelope } from '../evidence/envelope';
import { exportRequests } from '../evidence/export-requests';
import { readEvidence, type EvidenceDocuments } from '../evidence/evidence-documents';
import { readManifest } from '../evidence/read-documents';
import { builderIdOf, type PackFile, type RunEvidence, type Withheld } from '../evidence/run-evidence';
import { factsOf, workersOf } from '../evidence/run-facts';
import { isReleasable, withheldPaths, withholdSecrets, withoutUntakenSecrets } from '../evidence/withheld';
import type { Digest, RunId, TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import { checkChain } from '../journal/chain';
import type { Environment } from '../plan/profile';
import type { Attestor } from '../ports/attestor';
import type { Claims } from '../ports/claims';
import type { SealableLogStore } from '../ports/log-store';
import type { ObjectStore } from '../ports/object-store';
import type { Outbox, OutboxItem } from '../ports/outbox';
import type { ProbeDocuments } from '../ports/probe-documents';
import type { RunReader, RunRecords } from '../ports/run-reader';
import { piecesOf, readEndedLog } from './ended-log';
import { leaksIn, redactorOf, withheldAtCapture } from './final-scan';
import { InTurn } from './in-turn';
import type { SecretHands } from './run-secrets';

/** What attesting acts with. */
export interface AttestHands {
  readonly claims: Claims;
  readonly runReader: RunReader;
  readonly logs: SealableLogStore;
  readonly objects: ObjectStore;
  readonly outbox: Outbox;
  readonly secrets: SecretHands;
  readonly attestor: Attestor;
  /** The record in an envelope that verifies under a configured ledger key; null if it does not. */
  readonly openRelease: (envelope: Envelope) => ReleaseRecord | null;
  /** Pause before a seal that was put off is tried again, milliseconds; it doubles up to a minute, or to itself if it is longer. */
  readonly retryMs: number;
  /** True under the development Authority: another builder id. */
  readonly developmentAuthority: boolean;
  readonly probes: Pick<ProbeDocuments, 'find'>;
  /** Artifacts up to this many bytes in all go into the bundle. */
  readonly artifactBytes: number;
  /** Log streams are held in memory up to this many bytes in all; others are read again when their files are written. */
  readonly heldLogBytes: number;
  readonly maxBundleBytes: number;
  /** The bundle of these files; says where the content of each begins in it. */
  archive(files: readonly ArchivedFile[], placed: (path: string, offset: number) => void): AsyncIterable<Uint8Array>;
}

/** A file on its way into a bundle: at hand, or asked for when its turn has come. */
export type ArchivedFile =
  | BundleFile
  | { readonly path: string; readonly size: number; pieces(): AsyncIterable<Uint8Array> };

/** What came of it. `pending`: it is tried again; the run's evidence is late, never lost. */
export type Attested =
  /** `withheld`: files of the bundle that held a secret; a notice stands for each. An operator must see it. */
  | { readonly kind: 'sealed'; readonly bundle: Digest; readonly withheld: readonly string[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'pending'; readonly reason: string }
  /** A secret stands in files that cannot be withheld, or the journal was altered. An operator must see it. */
  | { readonly kind: 'blocked'; readonly reason: string };

const LONGEST_RETRY_MS = 60_000;
/** What makes a run large: bytes of its journal as they are stored, a sixth of what is held; lines of its log; bytes of its artifacts. */
const LARGE = { journal: 128 * 1024, lines: 2_000, artifacts: 1024 * 1024 };

/**
 * Seals an ended run (evidence.md): the statement is built from the documents that the bundle carries, signed, put into the
 * bundle, the bundle's manifest signed, all of it stored, and then one statement makes it known. Whatever a step did cannot
 * prevent it: the statement holds no free text of a step.
 *
 * @param largeRuns whose turn it is: a worker that seals several runs at once holds one large one in memory.
 */
export async function attestRun(
  hands: AttestHands,
  item: OutboxItem,
  largeRuns: Pick<InTurn, 'take'> = new InTurn(),
): Promise<Attested> {
  try {
    const records = await hands.runReader.records(item.tenant, item.runId);
    if (!records) return await postpone(hands, item, 'the run is not there');
    const work = (): Promise<Attested> => sealRun(hands, item, records);
    return isLarge(records) ? await largeRuns.take(work) : await work();
  } catch (error) {
    return postpone(hands, item, error instanceof Error ? error.message : String(error));
  }
}

function isLarge({ journalBytes, summary, artifacts }: RunRecords): boolean {
  const carried = artifacts.reduce((sum, { size }) => sum + size, 0);
  return journalBytes > LARGE.journal || summary.lastLine > LARGE.lines || carried > LARGE.artifacts;
}

async function sealRun(hands: AttestHands, item: OutboxItem, records: RunRecords): Promise<Attested> {
  const unread = await gatherEvidence(hands, item.tenant, item.runId, records);
  const broken = brokenBeforeSnapshots(unread);
  if (broken !== null) return await postpone(hands, item, broken, 'blocked');
  const read = await withLargeValues(hands, item.tenant, readEvidence(unread));
  const redactor = await redactorOf(hands, read);
  const of = { tenant: item.tenant, run: item.runId, facts: read.facts };
  const { chunks, streams } = await readEndedLog(hands.logs, of, redactor, hands.heldLogBytes);
  const gathered = { ...read.evidence, logs: streams };
  const holds = (bytes: Uint8Array): boolean => redactor.holds(bytes);
  const scanned = redactor.isIdle
    ? { ...read, evidence: gathered }
    : readEvidence(withholdSecrets(withoutUntakenSecrets(gathered, read.facts, holds), holds));
  const leaks = leaksIn(redactor, scanned);
  const documents = released(hands, item, records, scanned, leaks, holds);
  const left = leaks.filter((path) => documents.evidence.released?.includes(path) !== true);
  if (left.length > 0)
    return await postpone(hands, item, `SECRET_IN_EVIDENCE: ${redactor.text(left.join(', '))}`, 'blocked');
  const attestations = await hands.attestor.attest(documents);
  const [first] = attestations.packRun;
  if (!first) throw new TypeError('an attestor made no statement');
  const files = await closeBundle(hands, documents, attestations);
  const unheld = unheldFiles(documents).map((file) => {
    return { path: file.path, size: file.size, pieces: () => piecesOf(hands.logs, of, file) };
  });
  const offsets = new Map<string, number>();
  const tar = hands.archive(inOrder([...files, ...unheld]), (path, offset) => void offsets.set(path, offset));
  const { digest, size } = await hands.objects.put(item.tenant, tar, { maxBytes: hands.maxBundleBytes });
  const sealed = await hands.outbox.seal(item, {
    tenant: item.tenant,
    runId: item.runId,
    bundle: digest,
    bundleSize: size,
    statement: decodeEnvelope(first.envelope).digest,
    statements: statementParts(files, offsets),
    exports: exportRequests(documents),
    archive: archiveOf(documents, files, chunks, offsets),
  });
  const withheld = [...withheldPaths(documents.evidence), ...(documents.evidence.released ?? [])];
  return sealed ? { kind: 'sealed', bundle: digest, withheld } : { kind: 'known' };
}

/** The documents without the leaking files that operators have released, and with the releases: those that a ledger key signed for this run. */
function released(
  { openRelease }: AttestHands,
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

/** What claims did not read, since they went on from a snapshot, is checked here. */
function brokenBeforeSnapshots({ admission, pages }: RunEvidence): string | null {
  if (!pages.some(({ entries }) => entries[0]?.event.type === 'state')) return null;
  const { broken } = checkChain({ seq: 0, hash: decodeEnvelope(admission).digest }, pages);
  return broken && `JOURNAL_TAMPERED: the chain breaks at entry ${broken.first}: ${broken.reason}`;
}

async function postpone(
  hands: AttestHands,
  item: OutboxItem,
  reason: string,
  kind: 'pending' | 'blocked' = 'pending',
): Promise<Attested> {
  const pause = Math.min(hands.retryMs * 2 ** Math.min(item.tries, 6), Math.max(LONGEST_RETRY_MS, hands.retryMs));
  await hands.outbox.postpone(item, pause, kind, reason);
  return { kind, reason };
}

async function closeBundle(
  hands: AttestHands,
  documents: EvidenceDocuments,
  attestations: RunAttestations,
): Promise<readonly BundleFile[]> {
  const files = bundleFiles(documents, attestations);
  const manifest = files.find((file) => file.path === MANIFEST);
  if (!manifest) throw new TypeError('a bundle without its manifest');
  const signed = await hands.attestor.sealManifest(readManifest(manifest.bytes), files);
  return [...files, manifestAttestation(signed)];
}

function inOrder(files: readonly ArchivedFile[]): readonly ArchivedFile[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Everything but the log, which is read when it is known what to look for in it. */
async function gatherEvidence(
  hands: AttestHands,
  tenant: TenantId,
  run: RunId,
  records: RunRecords,
): Promise<RunEvidence> {
  const environment = JSON.parse(records.environment) as Environment;
  const builder = builderIdOf({
    developmentAuthority: hands.developmentAuthority,
    keyFile: hands.attestor.isKeyFile,
    // Steps under none/v1 are children in the worker's own network.
    hostNetwork: environment.isolation === 'none/v1',
    mode: environment.mode,
  });
  const files: PackFile[] = [];
  for (const file of records.files) files.push({ ...file, bytes: await readAll(hands.objects, tenant, file.digest) });
  const { admission, plan, profile, manifest, packSignatures } = records;
  const pages = await journalPages(hands, tenant, run);
  const claimed = new Set(workersOf(factsOf(pages)).map(({ probe }) => probe));
  return {
    admission,
    plan,
    profile,
    environment: records.environment,
    pack: { manifest, files, signatures: packSignatures },
    pages,
    gates: records.gates.map(({ request, show }) => ({ request: canonical(request), show: canonical(show) })),
    decisions: records.decisions.map(({ envelope }) => envelope),
    resolutions: records.resolutions,
    logs: [],
    egress: await egressLogs(hands, tenant, pages),
    probes: new Map([...(await hands.probes.find([...claimed]))].filter(([digest, text]) => sha256(text) === digest)),
    artifacts: await carriedArtifacts(hands, tenant, records, withheldAtCapture(factsOf(pages))),
    asserted: { builder, audit: records.audit },
  };
}

/** The journal, as a bundle holds it. */
async function journalPages(hands: AttestHands, tenant: TenantId, run: RunId): Promise<RunEvidence['pages']> {
  const pages = await hands.claims.pages(tenant, run, 0);
  return pages.map(({ first, entries, values, prev, hash }) => ({ first, entries, values, prev, hash }));
}

/**
 * The evidence with the large values that the run's questions and policies read: each is laid beside the first page that names it, so that a
 * verifier can answer again. What is beyond `LARGE_VALUE_BYTES` stays away, and a verifier says so.
 */
async function withLargeValues(
  hands: AttestHands,
  tenant: TenantId,
  documents: EvidenceDocuments,
): Promise<EvidenceDocuments> {
  const large = largeValues(documents.facts.entries);
  let room = LARGE_VALUE_BYTES;
  let known = documents;
  const tried = new Set<Digest>();
  while (large.size > 0) {
    const wanted = [...answerAgain(known, null).missing].filter((digest) => large.has(digest) && !tried.has(digest));
    if (wanted.length === 0) break;
    const found = new Map<Digest, Json>();
    for (const digest of wanted) {
      tried.add(digest);
      const size = large.get(digest) ?? 0;
      if (size > room) continue;
      room -= size;
      const text = new TextDecoder().decode(await readAll(hands.objects, tenant, digest));
      found.set(digest, JSON.parse(text) as Json);
    }
    const { evidence } = known;
    known = { ...known, evidence: { ...evidence, pages: pagesWith(evidence.pages, found) } };
  }
  return known;
}

function pagesWith(pages: RunEvidence['pages'], found: Map<Digest, Json>): RunEvidence['pages'] {
  return pages.map((page) => {
    const values: Record<Digest, Json> = {};
    for (const ref of page.entries.flatMap(valuesOf)) {
      if (ref?.kind !== 'value') continue;
      const value = found.get(ref.digest);
      if (value === undefined) continue;
      values[ref.digest] = value;
      found.delete(ref.digest);
    }
    return Object.keys(values).length === 0 ? page : { ...page, values: { ...page.values, ...values } };
  });
}

/** The proxy's log of each closed socket, by the digest that the journal holds. */
async function egressLogs(
  hands: AttestHands,
  tenant: TenantId,
  pages: RunEvidence['pages'],
): Promise<RunEvidence['egress']> {
  const logs = new Map<Digest, string>();
  for (const { event } of pages.flatMap(({ entries }) => entries))
    if (event.type === 'egress.closed' && !logs.has(event.log))
      logs.set(event.log, new TextDecoder().decode(await readAll(hands.objects, tenant, event.log)));
  return logs;
}

async function carriedArtifacts(
  hands: AttestHands,
  tenant: TenantId,
  records: RunRecords,
  withheld: ReadonlyMap<Digest, Withheld>,
): Promise<RunEvidence['artifacts']> {
  const carried = new Map<Digest, Uint8Array | Withheld>(withheld);
  let room = hands.artifactBytes;
  for (const { digest, size } of records.artifacts) {
    if (carried.has(digest) || size > room) continue;
    carried.set(digest, await readAll(hands.objects, tenant, digest));
    room -= size;
  }
  return carried;
}

async function readAll(objects: ObjectStore, tenant: TenantId, digest: Digest): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of await objects.open(tenant, digest)) {
    parts.push(part);
    size += part.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
