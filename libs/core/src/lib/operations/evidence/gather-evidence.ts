import { answerAgain } from '../../evidence/verify/answers/answer-again';
import { LARGE_VALUE_BYTES, largeValues, valuesOf } from '../../evidence/verify/answers/large-values';
import type { EvidenceDocuments } from '../../evidence/records/evidence-documents';
import { builderIdOf, type AuthorityKind } from '../../evidence/records/builder';
import type { PackFile, RunEvidence, Withheld } from '../../evidence/records/run-evidence';
import { factsOf, workersOf } from '../../evidence/records/run-facts';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { canonical } from '../../canonical/canonical';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { ProbeDocuments } from '../../ports/evidence/probe-documents';
import type { RunRecords } from '../../ports/runs/run-reader';
import { withheldAtCapture } from './final-scan';
import { comparePack } from '../claimed-run/open-run';
import { KnownProbes } from './known-probes';
import { Replanned } from '../planning/replanned';
import type { PackContents, StoredPack } from '../packs/stored-contents';
import { collectBytes } from '../work/byte-pieces';

/** Dependencies of gathering evidence. */
export interface GatherDependencies {
  readonly objects: ObjectStore;
  readonly probes: Pick<ProbeDocuments, 'find'>;
  /** The development Authority and a local one have builder ids of their own. */
  readonly authority: AuthorityKind;
  readonly attestor: { readonly isKeyFile: boolean };
  /** Maximum total bytes of artifacts in the bundle. */
  readonly artifactBytes: number;
  /** The content digests of a run's pack and of the published packs in it. */
  readonly contents: (tenant: TenantId, pack: StoredPack) => Promise<PackContents>;
}

/** The evidence without the log. The log is read once the secrets to search for are known. */
export async function gatherEvidence(
  dependencies: GatherDependencies,
  tenant: TenantId,
  run: RunId,
  records: RunRecords,
  pages: RunEvidence['pages'],
): Promise<RunEvidence> {
  const { environment, texts } = records.documents;
  const builder = builderIdOf({
    authority: dependencies.authority,
    keyFile: dependencies.attestor.isKeyFile,
    // Steps under none/v1 are child processes in the worker's own network.
    hostNetwork: environment.isolation === 'none/v1',
    mode: environment.mode,
  });
  const files: PackFile[] = [];
  for (const file of records.files)
    files.push({ ...file, bytes: await readAll(dependencies.objects, tenant, file.digest) });
  const { admission, manifest, packSignatures } = records;
  await comparePackOf(dependencies, { tenant, runId: run }, records, files);
  const claimed = new Set(workersOf(factsOf(pages)).map(({ probe }) => probe));
  return {
    admission,
    ...texts,
    pack: { manifest, files, signatures: packSignatures },
    pages,
    gates: records.gates.map(({ request, show }) => ({ request: canonical(request), show: canonical(show) })),
    decisions: records.decisions.map(({ envelope }) => envelope),
    resolutions: records.resolutions,
    logs: [],
    egress: await egressLogs(dependencies, tenant, pages),
    probes: await knownProbesOf(dependencies).of({ tenant, runId: run }, claimed, dependencies.probes),
    artifacts: await carriedArtifacts(dependencies, tenant, records, withheldAtCapture(factsOf(pages))),
    asserted: { builder, audit: records.audit },
  };
}

/** Cache of content digests, shared by seals with the same dependencies. */
const REPLANNED = new WeakMap<GatherDependencies, Replanned>();

/** Probe documents, shared by seals with the same dependencies. */
const PROBES = new WeakMap<GatherDependencies, KnownProbes>();

function knownProbesOf(dependencies: GatherDependencies): KnownProbes {
  const known = PROBES.get(dependencies) ?? new KnownProbes();
  PROBES.set(dependencies, known);
  return known;
}

async function comparePackOf(
  dependencies: GatherDependencies,
  of: { readonly tenant: TenantId; readonly runId: RunId },
  { manifest, files: listed, documents }: RunRecords,
  files: readonly { readonly path: string; readonly bytes: Uint8Array | null; readonly executable: boolean }[],
): Promise<void> {
  const known = REPLANNED.get(dependencies) ?? new Replanned();
  REPLANNED.set(dependencies, known);
  const read = files.map(({ path, bytes, executable }) => ({ path, bytes: bytes ?? new Uint8Array(), executable }));
  const pack = { manifest, files: listed };
  comparePack(
    of,
    documents,
    await known.contents(pack, () => dependencies.contents(of.tenant, { manifest, files: read })),
  );
}

/**
 * The evidence with the large values that the run's questions and policies read. Each is put beside the first page that names it, so that a
 * verifier can answer again. Values beyond `LARGE_VALUE_BYTES` are left out, and a verifier reports that.
 */
export async function withLargeValues(
  dependencies: GatherDependencies,
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
      const text = new TextDecoder().decode(await readAll(dependencies.objects, tenant, digest));
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

/** The proxy's log of each closed socket, by the digest in the journal. */
async function egressLogs(
  dependencies: GatherDependencies,
  tenant: TenantId,
  pages: RunEvidence['pages'],
): Promise<RunEvidence['egress']> {
  const logs = new Map<Digest, string>();
  for (const { event } of pages.flatMap(({ entries }) => entries))
    if (event.type === 'egress.closed' && !logs.has(event.log))
      logs.set(event.log, new TextDecoder().decode(await readAll(dependencies.objects, tenant, event.log)));
  return logs;
}

async function carriedArtifacts(
  dependencies: GatherDependencies,
  tenant: TenantId,
  records: RunRecords,
  withheld: ReadonlyMap<Digest, Withheld>,
): Promise<RunEvidence['artifacts']> {
  const carried = new Map<Digest, Uint8Array | Withheld>(withheld);
  let room = dependencies.artifactBytes;
  for (const { digest, size } of records.artifacts) {
    if (carried.has(digest) || size > room) continue;
    carried.set(digest, await readAll(dependencies.objects, tenant, digest));
    room -= size;
  }
  return carried;
}

async function readAll(objects: ObjectStore, tenant: TenantId, digest: Digest): Promise<Uint8Array> {
  return collectBytes(await objects.open(tenant, digest));
}
