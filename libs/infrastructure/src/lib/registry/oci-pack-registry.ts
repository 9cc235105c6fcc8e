import type { Json } from '@taskrunner/core/foundation';
import {
  PackRegistry,
  type ArtifactName,
  type PackArchive,
  type PackArtifact,
  type PackFacts,
} from '@taskrunner/core/ports';
import { ByteCache } from './byte-cache';
import { MEDIA_TYPE, readManifest, type Descriptor, type Manifest } from './oci';
import type { OciStore } from './oci-store';
import {
  buildArtifact,
  buildSignature,
  describe,
  packArchive,
  readFacts,
  unpackArchive,
  type TarCodec,
} from './pack-artifact';
import { refusal } from './registry-error';

/** Limits for data from a registry. */
export interface PackLimits {
  /** Maximum bytes of one archive, packed and unpacked. */
  readonly maxPackBytes: number;
  readonly maxFiles: number;
  /** Maximum number of signatures that are examined per artifact. */
  readonly maxSignatures: number;
  /** Maximum size of the cache of recently read data, bytes. */
  readonly cacheBytes: number;
}

const MAX_CONFIG_BYTES = 64 * 1024;
const MAX_SIGNATURE_BYTES = 256 * 1024;

/** Packs as OCI artifacts: in a registry over HTTP, or in a folder of OCI layouts. */
export class OciPackRegistry extends PackRegistry {
  private readonly cache: ByteCache;

  constructor(
    readonly name: string,
    private readonly store: OciStore,
    private readonly tar: TarCodec,
    private readonly limits: PackLimits,
  ) {
    super();
    this.cache = new ByteCache(limits.cacheBytes);
  }

  async find(pack: string, what: ArtifactName): Promise<PackArtifact | null> {
    const found = await this.store.manifest(pack, what.digest ?? tagOf(what.version));
    if (found === null) return null;
    const manifest = readManifest(found.bytes);
    const layer = layerOf(manifest);
    if (layer.size > this.limits.maxPackBytes)
      throw refusal('PACK_TOO_LARGE', `${pack} has ${layer.size} bytes; the limit is ${this.limits.maxPackBytes}`);
    if (manifest.config.size > MAX_CONFIG_BYTES)
      throw refusal('PACK_ARTIFACT_INVALID', 'the configuration of the artifact is too large');
    const facts = readFacts(await this.blob(pack, manifest.config));
    if (facts.name !== pack || (what.version !== null && facts.version !== what.version))
      throw refusal(
        'PACK_DIGEST_MISMATCH',
        `the pack published as ${pack}${what.version === null ? '' : `:${what.version}`} is ${facts.name}:${facts.version}`,
      );
    return { registry: this.name, digest: found.digest, archive: { digest: layer.digest, size: layer.size }, facts };
  }

  async archive({ facts, archive }: PackArtifact): Promise<PackArchive> {
    const layer = { ...archive, mediaType: MEDIA_TYPE.packLayer, artifactType: null, annotations: {} };
    const { maxPackBytes, maxFiles } = this.limits;
    const limits = { maxBytes: maxPackBytes, maxFiles, maxFileBytes: maxPackBytes };
    return unpackArchive(await this.blob(facts.name, layer), this.tar, limits);
  }

  async signatures({ facts, digest }: PackArtifact): Promise<readonly Json[]> {
    const listed = await this.store.referrers(facts.name, digest);
    const bundles = listed.filter(({ artifactType }) => artifactType === MEDIA_TYPE.signature);
    if (bundles.length > this.limits.maxSignatures)
      throw refusal('PACK_ARTIFACT_INVALID', `${facts.name} has more than ${this.limits.maxSignatures} signatures`);
    const found: Json[] = [];
    for (const bundle of bundles) {
      const manifest = await this.store.manifest(facts.name, bundle.digest);
      // The artifact was deleted but is still listed.
      if (manifest === null) continue;
      const { subject, layers } = readManifest(manifest.bytes);
      const [layer] = layers;
      if (subject?.digest !== digest || layer?.mediaType !== MEDIA_TYPE.signature) continue;
      if (layer.size > MAX_SIGNATURE_BYTES) throw refusal('PACK_ARTIFACT_INVALID', 'a signature is too large');
      found.push(jsonOf(await this.blob(facts.name, layer)));
    }
    return found;
  }

  packs(after: string | null, limit: number): Promise<readonly string[]> {
    return this.store.repositories(after, limit);
  }

  async versions(pack: string): Promise<readonly string[]> {
    const tags = await this.store.tags(pack);
    // Referrers have tags too, which are not versions.
    return tags.map((tag) => tag.replace('_', '+')).filter((version) => /^\d+\.\d+\.\d+(?:[-+]|$)/.test(version));
  }

  async publish(facts: PackFacts, supplied: PackArchive): Promise<PackArtifact> {
    const archive = await packArchive(supplied, this.tar);
    if (archive.length > this.limits.maxPackBytes)
      throw refusal('PACK_TOO_LARGE', `the pack has ${archive.length} bytes; the limit is ${this.limits.maxPackBytes}`);
    const { manifest, blobs } = buildArtifact(facts, archive);
    for (const blob of blobs) await this.store.putBlob(facts.name, blob);
    await this.store.putManifest(facts.name, manifest, tagOf(facts.version));
    const { digest, size } = describe(MEDIA_TYPE.packLayer, archive);
    return { registry: this.name, digest: manifest.digest, archive: { digest, size }, facts };
  }

  async attach({ facts, digest }: PackArtifact, signature: Json): Promise<void> {
    const subject = await this.store.manifest(facts.name, digest);
    if (subject === null) throw refusal('PACK_ARTIFACT_INVALID', `${facts.name}@${digest} no longer exists`);
    const { manifest, blobs } = buildSignature(signature, { ...describe(MEDIA_TYPE.manifest, subject.bytes) });
    const known = await this.store.referrers(facts.name, digest);
    if (known.some((one) => one.digest === manifest.digest)) return;
    for (const blob of blobs) await this.store.putBlob(facts.name, blob);
    await this.store.attach(facts.name, manifest, MEDIA_TYPE.signature, digest);
  }

  private blob(pack: string, descriptor: Descriptor): Promise<Uint8Array> {
    return this.cache.get(descriptor.digest, () => this.store.blob(pack, descriptor));
  }
}

/** Converts a version to a tag: a tag cannot contain `+`, and a version cannot contain `_`. */
function tagOf(version: string): string {
  return version.replace('+', '_');
}

function layerOf({ artifactType, config, layers }: Manifest): Descriptor {
  const [layer] = layers;
  const isPack = artifactType === MEDIA_TYPE.pack && config.mediaType === MEDIA_TYPE.packConfig;
  const isLayer = layer?.mediaType === MEDIA_TYPE.packLayer || layer?.mediaType === MEDIA_TYPE.packLayerGzip;
  if (isPack && layers.length === 1 && layer && isLayer) return layer;
  throw refusal('PACK_ARTIFACT_INVALID', 'the artifact is not a pack');
}

function jsonOf(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    // Not a readable signature, which the verifier reports.
    return null;
  }
}
