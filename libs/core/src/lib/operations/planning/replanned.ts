import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import { sensitiveInputs } from '../../evidence/records/evidence-documents';
import type { Digest } from '../../foundation/ids';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { RunDocuments } from '../../stored/run-documents';
import type { PackContents } from '../packs/stored-contents';

/** Longer manifests and inputs are not cached. */
const CHARACTERS = 128 * 1024;
const INPUT_CHARACTERS = 16 * 1024;
const KEPT = 64;
/** Contains only digests. */
const PACKS_KEPT = 1_024;

type AdmittedPack = Pick<ClaimedRun, 'manifest' | 'files' | 'inputs'>;

/** Caches the results of planning admitted packs again. Planning is pure, so the same question need not be computed twice. */
export class Replanned {
  private readonly hashes = new Map<string, Promise<Digest | null>>();
  private readonly packs = new Map<Digest, Promise<PackContents>>();

  /** The plan hash of a new planning. */
  planHash(documents: RunDocuments, run: AdmittedPack, ask: () => Promise<Digest | null>): Promise<Digest | null> {
    const key = keyOf(documents, run);
    return key === null ? ask() : remembered(this.hashes, key, KEPT, ask);
  }

  /** The content digests of a pack, by its manifest and the listing of its files. */
  contents(pack: Pick<ClaimedRun, 'manifest' | 'files'>, ask: () => Promise<PackContents>): Promise<PackContents> {
    return remembered(this.packs, packKey(pack), PACKS_KEPT, ask);
  }

  /** Records that a new planning of this pack has this result. */
  knowContents(pack: Pick<ClaimedRun, 'manifest' | 'files'>, contents: PackContents): void {
    void this.contents(pack, () => Promise.resolve(contents));
  }
}

function remembered<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  most: number,
  ask: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key);
  if (found) return found;
  const asked = ask();
  asked.catch(() => known.delete(key));
  known.set(key, asked);
  if (known.size > most) known.delete(known.keys().next().value as Key);
  return asked;
}

function packKey({ manifest, files }: Pick<ClaimedRun, 'manifest' | 'files'>): Digest {
  return digestOf([sha256(manifest), ...files.map(({ path, digest, executable }) => [path, digest, executable])]);
}

/** Null for what is not cached: large packs, packs with files, and values that are kept no longer than needed. */
function keyOf(
  { plan, planHash, profileDigest }: RunDocuments,
  { manifest, files, inputs }: AdmittedPack,
): string | null {
  if (files.length > 0 || manifest.length > CHARACTERS || sensitiveInputs(plan).length > 0) return null;
  const text = canonical(inputs);
  if (text.length > INPUT_CHARACTERS) return null;
  return `${planHash} ${profileDigest} ${sha256(manifest)} ${sha256(text)}`;
}
