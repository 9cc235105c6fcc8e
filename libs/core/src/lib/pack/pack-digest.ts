import { canonical } from '../canonical/canonical';
import { digestOf, sha256 } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import { onceFor } from '../foundation/once-for';
import { canonicalPack } from './canonical-pack';
import { manifest } from './shapes/pack-shapes';
import type { Pack } from './model/pack';
import { type PackFiles, packedPaths } from './pack-files';

/**
 * The normalised manifest, which is the same for all spellings. Reading it gives the same pack. Values equal to the language's defaults are
 * left out.
 */
export function toManifest(pack: Pack): JsonObject {
  return manifest.print(pack) as JsonObject;
}

/** `toManifest` as RFC 8785 text. Nothing changes a pack, so it is kept for as long as the pack. */
export const manifestText = onceFor((pack: Pack): string => canonical(toManifest(pack)));

/** Fields of `metadata` that neither a plan hash nor a content digest covers. */
const UNHASHED = new Set(['description', 'tags', 'maintainers', 'license', 'annotations']);

/**
 * The content digest of a pack, independent of format, key order and spelling (also of expressions). It covers the canonical manifest
 * without descriptive fields, and every file of the pack. Throws a `TypeError` if a listed file cannot be read.
 */
export function contentDigest(pack: Pack, files: PackFiles): Digest {
  const paths = packedPaths(files);
  if (paths.length > 0) return contentDigestOfListing(pack, listedFiles(paths, files));
  return digestWithoutFiles(pack);
}

const digestWithoutFiles = onceFor((pack: Pack): Digest => contentDigestOfListing(pack, []));

function listedFiles(paths: readonly string[], files: PackFiles): readonly ListedFile[] {
  return paths.map((path): ListedFile => {
    const bytes = files.read(path);
    if (bytes === null) throw new TypeError(`the pack lists ${path} but does not contain it`);
    return { path, sha256: sha256(bytes), executable: files.executable(path) };
  });
}

/** A file of a pack without its bytes. */
export interface ListedFile {
  readonly path: string;
  readonly sha256: Digest;
  readonly executable: boolean;
}

/** The content digest of a pack whose files (`packedPaths`, in that order) are given by digest, without their bytes. */
export function contentDigestOfListing(pack: Pack, files: readonly ListedFile[]): Digest {
  const { metadata, spec, ...rest } = toManifest(canonicalPack(pack)) as {
    metadata: JsonObject;
    spec: JsonObject;
  } & JsonObject;
  return digestOf({
    manifest: {
      ...rest,
      metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !UNHASHED.has(name))),
      spec: withoutDescriptions(spec),
    },
    files: files.map(({ path, sha256: digest, executable }) => ({ path, sha256: digest, executable })),
  });
}

/** Digest of a pack's bytes as they were received. */
export function sourceDigest(bytes: string | Uint8Array): Digest {
  return sha256(bytes);
}

function withoutDescriptions(spec: JsonObject): JsonObject {
  const plain = { ...spec };
  for (const field of ['inputs', 'secrets']) {
    const rules = spec[field] as readonly JsonObject[] | undefined;
    if (rules !== undefined)
      plain[field] = rules.map((rule) =>
        Object.fromEntries(Object.entries(rule).filter(([name]) => name !== 'description')),
      );
  }
  return plain;
}
