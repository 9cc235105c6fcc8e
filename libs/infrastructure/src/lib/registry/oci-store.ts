import { sha256 } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import type { Descriptor } from './oci';
import { refusal } from './registry-error';

/** A manifest or index with its stored bytes. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Content-addressed bytes, tags and referrers in repositories: a registry over HTTP, or a folder of OCI layouts. */
export abstract class OciStore {
  /** Lists repositories, sorted, after a name. */
  abstract repositories(after: string | null, limit: number): Promise<readonly string[]>;
  abstract tags(repository: string): Promise<readonly string[]>;
  /** Reads a manifest by tag or digest. The bytes match their digest. */
  abstract manifest(repository: string, reference: string): Promise<StoredManifest | null>;
  /** Reads a blob. The bytes match the digest of the descriptor. */
  abstract blob(repository: string, descriptor: Descriptor): Promise<Uint8Array>;
  /** Lists artifacts with this subject. */
  abstract referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]>;
  abstract putBlob(repository: string, bytes: Uint8Array): Promise<void>;
  abstract putManifest(repository: string, manifest: StoredManifest, tag: string): Promise<void>;
  /** Stores an artifact with another one as its subject, so that `referrers` finds it. */
  abstract attach(repository: string, manifest: StoredManifest, artifactType: string, subject: Digest): Promise<void>;
}

/** Name of the tag that lists the referrers, for registries without a list of their own (distribution specification 1.1). */
export function referrersTag(digest: Digest): string {
  return digest.replace(':', '-');
}

/** Returns the bytes if they match the digest. Otherwise throws `PACK_DIGEST_MISMATCH`. */
export function exactly(bytes: Uint8Array, digest: Digest, what: string): Uint8Array {
  const found = sha256(bytes);
  if (found === digest) return bytes;
  throw refusal('PACK_DIGEST_MISMATCH', `${what} was altered: it has the digest ${found}, not ${digest}`);
}
