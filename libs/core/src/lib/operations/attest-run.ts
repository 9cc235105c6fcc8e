import { sha256 } from '../canonical/digest';
import {
  buildBundleStatement,
  bundleFiles,
  MANIFEST,
  manifestAttestation,
  statementPayload,
  type BundleFile,
  type SignedStatement,
} from '../evidence/bundle-files';
import { PAYLOAD_TYPE } from '../evidence/documents';
import { readEvidence, type EvidenceDocuments } from '../evidence/evidence-documents';
import { buildProvenance } from '../evidence/provenance';
import { readManifest } from '../evidence/read-documents';
import { builderIdOf, streamsOf, type PackFile, type RunEvidence, type Withheld } from '../evidence/run-evidence';
import { factsOf } from '../evidence/run-facts';
import { withheldPaths, withholdSecrets } from '../evidence/withheld';
import { buildStatement, type Statement } from '../evidence/statement';
import { sigstoreBundle } from '../evidence/sigstore';
import type { Digest, RunId, TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import type { Page } from '../journal/page';
import type { Environment } from '../plan/profile';
import type { Claims } from '../ports/claims';
import type { LogStore } from '../ports/log-store';
import type { ObjectStore } from '../ports/object-store';
import type { Outbox, OutboxItem } from '../ports/outbox';
import type { RunReader, RunRecords } from '../ports/run-reader';
import type { Signer } from '../ports/signer';
import { leaksIn, redactorOf, withheldAtCapture } from './final-scan';
import type { SecretHands } from './run-secrets';

/** What attesting acts with. */
export interface AttestHands {
  readonly claims: Claims;
  readonly runReader: RunReader;
  readonly logs: LogStore;
  readonly objects: ObjectStore;
  readonly outbox: Outbox;
  readonly secrets: SecretHands;
  readonly runSigner: Signer;
  readonly bundleSigner: Signer;
  /** True under the development Authority: another builder id. */
  readonly developmentAuthority: boolean;
  /** Probe documents at hand, by digest (RFC 8785 texts). */
  readonly probes: ReadonlyMap<Digest, string>;
  /** Artifacts up to this many bytes in all go into the bundle. */
  readonly artifactBytes: number;
  readonly maxBundleBytes: number;
  archive(files: readonly BundleFile[]): AsyncIterable<Uint8Array>;
}

/** What came of it. `pending`: it is tried again; the run's evidence is late, never lost. */
export type Attested =
  /** `withheld`: files of the bundle that held a secret; a notice stands for each. An operator must see it. */
  | { readonly kind: 'sealed'; readonly bundle: Digest; readonly withheld: readonly string[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'pending'; readonly reason: string }
  /** A secret stands in files that cannot be withheld. An operator must see it. */
  | { readonly kind: 'blocked'; readonly reason: string };

const RETRY_MS = 5_000;
const CHUNKS_AT_ONCE = 1_000;

/**
 * Seals an ended run (evidence.md): the statement is built from the documents that the bundle carries, signed, put into the
 * bundle, the bundle's manifest signed, all of it stored, and then one statement makes it known. Whatever a step did cannot
 * prevent it: the statement holds no free text of a step.
 */
export async function attestRun(hands: AttestHands, item: OutboxItem): Promise<Attested> {
  try {
    const records = await hands.runReader.records(item.tenant, item.runId);
    if (!records) return await postpone(hands, item, 'the run is not there');
    const gathered = await gatherEvidence(hands, item.tenant, item.runId, records);
    const redactor = await redactorOf(hands, readEvidence(gathered));
    const documents = readEvidence(
      redactor.isIdle ? gathered : withholdSecrets(gathered, (bytes) => redactor.holds(bytes)),
    );
    const statement = buildStatement(documents);
    const provenance = buildProvenance(documents);
    const leaks = leaksIn(redactor, documents, provenance ? [statement, provenance] : [statement]);
    if (leaks.length > 0) return await postpone(hands, item, `a secret stands in ${leaks.join(', ')}`, 'blocked');
    const packRun = await signStatement(hands.runSigner, statement);
    const attestations = {
      packRun: [packRun.signed],
      provenance: provenance ? (await signStatement(hands.runSigner, provenance)).signed : null,
    };
    const files = await closeBundle(hands, documents, attestations);
    const { digest, size } = await hands.objects.put(item.tenant, hands.archive(files), {
      maxBytes: hands.maxBundleBytes,
    });
    const sealed = await hands.outbox.seal(item, {
      tenant: item.tenant,
      runId: item.runId,
      bundle: digest,
      bundleSize: size,
      statement: packRun.digest,
      attestations: attestationsShown(attestations) as Json,
    });
    const withheld = withheldPaths(documents.evidence);
    return sealed ? { kind: 'sealed', bundle: digest, withheld } : { kind: 'known' };
  } catch (error) {
    return postpone(hands, item, error instanceof Error ? error.message : String(error));
  }
}

async function postpone(
  hands: AttestHands,
  item: OutboxItem,
  reason: string,
  kind: 'pending' | 'blocked' = 'pending',
): Promise<Attested> {
  await hands.outbox.postpone(item, Math.min(RETRY_MS * 2 ** Math.min(item.tries, 6), 300_000), kind, reason);
  return { kind, reason };
}

async function signStatement(
  signer: Signer,
  statement: Statement<object>,
): Promise<{ signed: SignedStatement; digest: Digest }> {
  const payload = new TextDecoder().decode(statementPayload(statement));
  const envelope = await signer.sign(PAYLOAD_TYPE.statement, payload);
  return { signed: { envelope, hint: signer.keyid }, digest: sha256(payload) };
}

async function closeBundle(
  hands: AttestHands,
  documents: EvidenceDocuments,
  attestations: Parameters<typeof bundleFiles>[1],
): Promise<readonly BundleFile[]> {
  const files = bundleFiles(documents, attestations);
  const manifest = files.find((file) => file.path === MANIFEST);
  if (!manifest) throw new TypeError('a bundle without its manifest');
  const statement = buildBundleStatement(readManifest(manifest.bytes));
  const { signed } = await signStatement(hands.bundleSigner, statement);
  return [...files, manifestAttestation(signed)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function attestationsShown({ packRun, provenance }: Parameters<typeof bundleFiles>[1]): unknown {
  const [first] = packRun;
  return {
    'pack-run': first ? sigstoreBundle(first.envelope, first.hint) : null,
    slsa: provenance ? sigstoreBundle(provenance.envelope, provenance.hint) : null,
  };
}

async function gatherEvidence(
  hands: AttestHands,
  tenant: TenantId,
  run: RunId,
  records: RunRecords,
): Promise<RunEvidence> {
  const environment = JSON.parse(records.environment) as Environment;
  const builder = builderIdOf({
    developmentAuthority: hands.developmentAuthority,
    keyFile: true,
    hostNetwork: false,
    mode: environment.mode,
  });
  const files: PackFile[] = [];
  for (const file of records.files) files.push({ ...file, bytes: await readAll(hands.objects, tenant, file.digest) });
  const { admission, plan, profile, manifest } = records;
  const pages = await pagesWithInputs(hands, tenant, run);
  return {
    admission,
    plan,
    profile,
    environment: records.environment,
    pack: { manifest, files },
    pages,
    gates: records.gates.map(({ request, show }) => ({ request: canonical(request), show: canonical(show) })),
    decisions: records.decisions.map(({ envelope }) => envelope),
    logs: streamsOf(await allChunks(hands.logs, tenant, run)),
    egress: new Map(),
    probes: hands.probes,
    artifacts: await carriedArtifacts(hands, tenant, records, withheldAtCapture(factsOf(pages))),
    asserted: { builder, audit: records.audit },
  };
}

/** The journal; inputs of policies that were too large for their page are put beside it, so that a verifier can judge again. */
async function pagesWithInputs(hands: AttestHands, tenant: TenantId, run: RunId): Promise<RunEvidence['pages']> {
  const pages: Page[] = [];
  for (const { first, entries, values, prev, hash } of await hands.claims.pages(tenant, run, 0)) {
    const inputs: Record<Digest, Json> = {};
    for (const { event } of entries) {
      if (event.type !== 'policy.judged' || event.input?.kind !== 'value' || event.input.digest in values) continue;
      inputs[event.input.digest] = JSON.parse(
        new TextDecoder().decode(await readAll(hands.objects, tenant, event.input.digest)),
      ) as Json;
    }
    pages.push({ first, entries, values: { ...values, ...inputs }, prev, hash });
  }
  return pages;
}

async function allChunks(logs: LogStore, tenant: TenantId, run: RunId): Promise<Awaited<ReturnType<LogStore['read']>>> {
  const all: Awaited<ReturnType<LogStore['read']>>[number][] = [];
  for (let after = 0; ;) {
    const chunks = await logs.read(tenant, run, after, CHUNKS_AT_ONCE);
    const last = chunks.at(-1);
    if (!last) return all;
    all.push(...chunks);
    after = last.firstLine + last.lines - 1;
  }
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
