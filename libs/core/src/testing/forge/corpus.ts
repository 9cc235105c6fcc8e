import {
  attestationFiles,
  buildBundleStatement,
  contentOf,
  manifestAttestation,
  MANIFEST,
  type BundleFile,
  type RunAttestations,
} from '../../lib/evidence/bundle/bundle-files';
import { canonical } from '../../lib/canonical/canonical';
import { sha256 } from '../../lib/canonical/digest';
import type { BundleManifest } from '../../lib/evidence/records/documents';
import { decodeEnvelope } from '../../lib/evidence/encoding/envelope';
import { readEvidence, type EvidenceDocuments } from '../../lib/evidence/records/evidence-documents';
import { buildProvenance } from '../../lib/evidence/predicates/provenance';
import type { RunEvidence } from '../../lib/evidence/records/run-evidence';
import { buildStatement, type Statement } from '../../lib/evidence/statement/statement';
import { buildSummary } from '../../lib/evidence/predicates/summary';
import type { TrustFile } from '../../lib/evidence/encoding/trust';
import type { Json } from '../../lib/foundation/json';
import { signedStatement, trustOf, type SampleKey } from '../sample-signing';
import { seededKeys, type Keys } from './keys';
import { play, type Played } from './play';
import type { Scenario } from './scenario';

/** The files of a bundle by path. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A run of the corpus and its honest bundle. */
export interface Subject {
  readonly name: string;
  readonly scenario: Scenario;
  readonly place: number;
  readonly played: Played;
  readonly keys: Keys;
  readonly trust: TrustFile;
  readonly bundle: Files;
  /** The bundle of the original run. */
  readonly original: Files | null;
}

/** What a signer is made to sign instead of what follows from the documents. */
export type Restatement = (statement: Statement<object>) => Statement<object> | null;

/** The part that is signed differently. */
export interface Sealing {
  readonly packRun?: Restatement;
  readonly provenance?: Restatement;
  readonly summary?: Restatement;
  readonly files?: (files: readonly BundleFile[]) => readonly BundleFile[];
}

/** Plays the scenarios, each to its honest bundle. `place` gives each its run ids. */
export async function makeCorpus(
  scenarios: readonly { readonly scenario: Scenario; readonly place: number }[],
  seed: string,
): Promise<readonly Subject[]> {
  const keys = seededKeys(seed);
  const { publishers, ...others } = keys;
  const trust = trustOf([...Object.values(others), ...publishers]);
  const subjects: Subject[] = [];
  for (const { scenario, place } of scenarios) {
    const played = await play(scenario, { keys, place });
    const { original } = played;
    subjects.push({
      name: scenario.name,
      scenario,
      place,
      played,
      keys,
      trust,
      bundle: sealed(played.evidence, scenario, keys),
      original: original && sealed(original.evidence, original.scenario, keys),
    });
  }
  return subjects;
}

/** The bundle of this evidence, as the holder of the run key and the bundle key makes it. */
export function sealed(evidence: RunEvidence, scenario: Scenario, keys: Keys, sealing: Sealing = {}): Files {
  const documents = readEvidence(evidence);
  const files = [...contentOf(documents), ...attestationFiles(attest(documents, scenario, keys, sealing))];
  return closed(keys.bundle, documents.admission.record.runId, sealing.files?.(files) ?? files);
}

function attest(documents: EvidenceDocuments, scenario: Scenario, keys: Keys, sealing: Sealing): RunAttestations {
  const { environment, facts } = documents;
  const run = environment.mode === 'sealed' ? keys.runSealed : keys.runOpen;
  const restated = (
    restate: Restatement = (one) => one,
    statement: Statement<object> | null,
  ): Statement<object> | null => statement && restate(statement);
  const packRun = restated(sealing.packRun, buildStatement(documents));
  const signedRun = packRun && signedStatement(run, packRun);
  const provenance = restated(sealing.provenance, buildProvenance(documents));
  const at = new Date((facts.ended?.at ?? 0) + 1_000).toISOString();
  const verifier = {
    id: 'https://attestor.test',
    at,
    policy: { uri: 'taskrunner-trust:test:3', digest: sha256('trust') },
  };
  const summary =
    scenario.hasSummary === true && signedRun
      ? restated(sealing.summary, buildSummary(documents, decodeEnvelope(signedRun.envelope).digest, verifier))
      : null;
  return {
    packRun: signedRun ? [signedRun] : [],
    provenance: provenance && signedStatement(run, provenance),
    summary: summary && signedStatement(keys.summary, summary),
  };
}

/** Manifest and attestation over these files. */
export function closed(
  key: SampleKey,
  run: string,
  files: readonly BundleFile[],
  change: (manifest: BundleManifest) => BundleManifest = (manifest) => manifest,
): Files {
  const listed = files
    .map(({ path, bytes }) => ({ path, size: bytes.length, sha256: sha256(bytes) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = change({ schema: 'taskrunner.manifest.v1', run, files: listed });
  const own = { path: MANIFEST, bytes: new TextEncoder().encode(canonical(manifest as unknown as Json)) };
  const all = [...files, own, manifestAttestation(signedStatement(key, buildBundleStatement(manifest)))];
  return new Map(all.sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, bytes }) => [path, bytes]));
}
