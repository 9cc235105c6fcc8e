import { sha256 } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import type { Descriptor } from './oci';
import { refusal } from './registry-error';

/** A manifest or index as stored. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Content-addressed bytes, tags and referrers in repositories: a registry over HTTP, or a folder of OCI layouts. */
export abstract class OciStore {
  /** Repositories, sorted, after a name. */
  abstract repositories(after: string | null, limit: number): Promise<readonly string[]>;
  abstract tags(repository: string): Promise<readonly string[]>;
  /** By tag or digest. The bytes match their digest. */
  abstract manifest(repository: string, reference: string): Promise<StoredManifest | null>;
  /** Exactly these bytes. */
  abstract blob(repository: string, descriptor: Descriptor): Promise<Uint8Array>;
  /** Artifacts with this subject. */
  abstract referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]>;
  abstract putBlob(repository: string, bytes: Uint8Array): Promise<void>;
  abstract putManifest(repository: string, manifest: StoredManifest, tag: string): Promise<void>;
  /** Stores an artifact with another one as its subject, so that `referrers` finds it. */
  abstract attach(repository: string, manifest: StoredManifest, artifactType: string, subject: Digest): Promise<void>;
}

/** The tag with the referrers if a registry does not list them itself (distribution specification 1.1). */
export function referrersTag(digest: Digest): string {
  return digest.replace(':', '-');
}

/** The bytes if they match the digest; otherwise `PACK_DIGEST_MISMATCH`. */
export function exactly(bytes: Uint8Array, digest: Digest, what: string): Uint8Array {
  const found = sha256(bytes);
  if (found === digest) return bytes;
  throw refusal('PACK_DIGEST_MISMATCH', `${what} was altered: it has the digest ${found}, not ${digest}`);
}
