import { canonical, sha256 } from '@taskrunner/core/canonical';
import { isCodedError, isDigest, isJsonArray, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { isPackName, isPackVersion } from '@taskrunner/core/pack';
import type { PackArchive, PackFacts } from '@taskrunner/core/ports';
import { MEDIA_TYPE, printDescriptor, readObject, type Descriptor } from './oci';
import type { StoredManifest } from './oci-store';
import { refusal } from './registry-error';

/** Writes and reads tars; provided by another adapter. */
export interface TarCodec {
  write(
    files: readonly { readonly path: string; readonly bytes: Uint8Array; readonly executable: boolean }[],
  ): AsyncIterable<Uint8Array>;
  /** Reads a plain or gzip-compressed tar. */
  read(
    bytes: Uint8Array,
    limits: { readonly maxBytes: number; readonly maxFiles: number; readonly maxFileBytes: number },
  ): Promise<readonly { readonly path: string; readonly bytes: Uint8Array; readonly executable: boolean }[]>;
}

/** An artifact for a registry: its blobs, then its manifest. */
interface BuiltArtifact {
  readonly manifest: StoredManifest;
  readonly blobs: readonly Uint8Array[];
  readonly archive: Uint8Array;
}

const MANIFESTS = ['pack.yaml', 'pack.yml', 'pack.json'];
const CONFIG_SCHEMA = 'stellaops.pack.config.v1';

/**
 * Builds the deterministic archive of a pack: `pack.yaml` as its author wrote it, then its files by path. The same pack gives the same
 * bytes.
 */
export async function packArchive({ manifest, files }: PackArchive, tar: TarCodec): Promise<Uint8Array> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const parts: Uint8Array[] = [];
  const first = { path: 'pack.yaml', bytes: Buffer.from(manifest), executable: false };
  for await (const part of tar.write([first, ...sorted])) parts.push(part);
  return Buffer.concat(parts);
}

/** Unpacks an archive. Throws `PACK_ARTIFACT_INVALID` if it contains no manifest, and errors of the tar reader. */
export async function unpackArchive(
  bytes: Uint8Array,
  tar: TarCodec,
  limits: Parameters<TarCodec['read']>[1],
): Promise<PackArchive> {
  const files = await tar.read(bytes, limits).catch((error: unknown) => {
    if (!isCodedError(error)) throw error;
    throw refusal(
      error.code === 'ARCHIVE_TOO_LARGE' ? 'PACK_TOO_LARGE' : 'PACK_ARTIFACT_INVALID',
      `the archive of the pack is refused: ${error.message}`,
      error,
    );
  });
  const manifest = MANIFESTS.map((name) => files.find(({ path }) => path === name)).find((file) => file !== undefined);
  if (!manifest) throw refusal('PACK_ARTIFACT_INVALID', 'the archive contains no pack.yaml');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(manifest.bytes);
    return { manifest: text, files: files.filter(({ path }) => !MANIFESTS.includes(path)) };
  } catch (error) {
    throw refusal('PACK_ARTIFACT_INVALID', `${manifest.path} in the archive is not UTF-8`, error);
  }
}

/** Builds the artifact of a pack, without time and author, so that its digest does not depend on where it is pushed from. */
export function buildArtifact(facts: PackFacts, archive: Uint8Array): BuiltArtifact {
  const config = Buffer.from(canonical({ schema: CONFIG_SCHEMA, ...facts }));
  const { name, version, description } = facts;
  return {
    archive,
    blobs: [config, archive],
    manifest: stored({
      artifactType: MEDIA_TYPE.pack,
      config: printDescriptor(describe(MEDIA_TYPE.packConfig, config)),
      layers: [
        printDescriptor({
          ...describe(MEDIA_TYPE.packLayer, archive),
          annotations: { 'org.opencontainers.image.title': `${name}-${version}.tar` },
        }),
      ],
      annotations: {
        'org.opencontainers.image.title': name,
        'org.opencontainers.image.version': version,
        ...(description === null ? {} : { 'org.opencontainers.image.description': description }),
      },
    }),
  };
}

/** Builds the artifact that attaches a signature to a pack, in cosign's layout of Sigstore bundles. */
export function buildSignature(signature: Json, subject: Descriptor): BuiltArtifact {
  const bundle = Buffer.from(canonical(signature));
  const empty = Buffer.from('{}');
  return {
    archive: bundle,
    blobs: [empty, bundle],
    manifest: stored({
      artifactType: MEDIA_TYPE.signature,
      config: printDescriptor(describe(MEDIA_TYPE.empty, empty)),
      layers: [printDescriptor(describe(MEDIA_TYPE.signature, bundle))],
      subject: printDescriptor(subject),
      annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope' },
    }),
  };
}

/** Reads a pack's configuration. Throws `PACK_ARTIFACT_INVALID`. */
export function readFacts(bytes: Uint8Array): PackFacts {
  const { schema, name, version, contentDigest, description, tenantVisibility } = readObject(bytes);
  const isAudience =
    tenantVisibility === 'private' ||
    tenantVisibility === 'public' ||
    (isJsonArray(tenantVisibility ?? null) &&
      (tenantVisibility as readonly unknown[]).every((tenant) => typeof tenant === 'string'));
  if (
    schema !== CONFIG_SCHEMA ||
    typeof name !== 'string' ||
    !isPackName(name) ||
    typeof version !== 'string' ||
    !isPackVersion(version) ||
    !isDigest(contentDigest) ||
    !isAudience
  )
    throw refusal('PACK_ARTIFACT_INVALID', 'the configuration of the artifact is not that of a pack');
  return {
    name,
    version,
    contentDigest,
    description: typeof description === 'string' ? description : null,
    tenantVisibility: tenantVisibility as PackFacts['tenantVisibility'],
  };
}

export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length, artifactType: null, annotations: {} };
}

function stored(parts: JsonObject): StoredManifest {
  const bytes = Buffer.from(canonical({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, ...parts }));
  return { digest: sha256(bytes), mediaType: MEDIA_TYPE.manifest, bytes };
}
