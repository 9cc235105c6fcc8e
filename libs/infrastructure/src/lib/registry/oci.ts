import { isDigest, isJsonArray, isJsonObject, type Digest, type Json } from '@taskrunner/core/foundation';
import { refusal } from './registry-error';

// Types of the OCI image specification 1.1 (image manifest for artifacts, image index, descriptor), limited to the parts that packs need.

export const MEDIA_TYPE = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
  /** `artifactType` of a pack. */
  pack: 'application/vnd.stellaops.pack.v1',
  packConfig: 'application/vnd.stellaops.pack.config.v1+json',
  /** One deterministic tar: `pack.yaml` and the files of the pack. */
  packLayer: 'application/vnd.stellaops.pack.layer.v1.tar',
  /** Accepted in artifacts of other tools. Our layers are not compressed, because gzip output differs between implementations. */
  packLayerGzip: 'application/vnd.stellaops.pack.layer.v1.tar+gzip',
  /** `artifactType` and layer of a signature, as in cosign and sigstore. */
  signature: 'application/vnd.dev.sigstore.bundle.v0.3+json',
} as const;

/** Maximum size of a manifest or index, which the distribution specification recommends to registries. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Annotation with the tag in the `index.json` of an OCI layout. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/** A reference to bytes by digest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The manifest of an artifact. */
export interface Manifest {
  readonly artifactType: string | null;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject: Descriptor | null;
}

/** Reads an artifact's manifest. Throws `PACK_ARTIFACT_INVALID`. Only sha256 digests are accepted. */
export function readManifest(bytes: Uint8Array): Manifest {
  const value = readObject(bytes);
  const { layers } = value;
  if (!isJsonArray(layers)) throw malformed('layers');
  const subject = value['subject'] ?? null;
  return {
    artifactType: typeof value['artifactType'] === 'string' ? value['artifactType'] : null,
    config: readDescriptor(value['config'] ?? null),
    layers: layers.map(readDescriptor),
    subject: subject === null ? null : readDescriptor(subject),
  };
}

/** Reads the descriptors of an index. Throws `PACK_ARTIFACT_INVALID`. */
export function readIndex(bytes: Uint8Array): readonly Descriptor[] {
  const { manifests } = readObject(bytes);
  if (!isJsonArray(manifests)) throw malformed('manifests');
  return manifests.map(readDescriptor);
}

/** Serialises an index with these descriptors. */
export function printIndex(descriptors: readonly Descriptor[]): Json {
  return { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: descriptors.map(printDescriptor) };
}

export function printDescriptor({ mediaType, digest, size, artifactType, annotations }: Descriptor): Json {
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === null ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function readDescriptor(value: Json): Descriptor {
  if (!isJsonObject(value)) throw malformed('a descriptor');
  const { mediaType, digest, size, artifactType, annotations } = value;
  if (typeof mediaType !== 'string' || !isDigest(digest) || !Number.isSafeInteger(size) || (size as number) < 0)
    throw malformed('a descriptor');
  const written = isJsonObject(annotations ?? null) ? Object.entries(annotations as Record<string, Json>) : [];
  return {
    mediaType,
    digest,
    size: size as number,
    artifactType: typeof artifactType === 'string' ? artifactType : null,
    annotations: Object.fromEntries(written.filter((one): one is [string, string] => typeof one[1] === 'string')),
  };
}

/** Parses bytes of a registry as a JSON object. */
export function readObject(bytes: Uint8Array): { readonly [name: string]: Json } {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (error) {
    throw refusal('PACK_ARTIFACT_INVALID', 'the response of the registry is not JSON', error);
  }
  if (!isJsonObject(value)) throw malformed('it is not an object');
  return value;
}

function malformed(what: string): Error {
  return refusal('PACK_ARTIFACT_INVALID', `the response of the registry is not an artifact: ${what}`);
}
