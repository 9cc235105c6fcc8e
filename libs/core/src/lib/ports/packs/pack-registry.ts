import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Metadata } from '../../pack/model/pack';

/** A request to a registry: a version by its name, or an artifact by its digest. */
export type ArtifactName =
  | { readonly version: string; readonly digest: null }
  | { readonly version: null; readonly digest: Digest };

/** Metadata of a published pack that is available without unpacking it: the configuration of its artifact. It is trusted only for lists. */
export interface PackFacts {
  readonly name: string;
  readonly version: string;
  readonly contentDigest: Digest;
  readonly description: string | null;
  readonly tenantVisibility: Metadata['tenantVisibility'];
}

/** A pack in a registry. */
export interface PackArtifact {
  /** Name of the registry. */
  readonly registry: string;
  /** Digest of the artifact, as in `name@sha256:…`. */
  readonly digest: Digest;
  /** Digest of the archive: the bytes as received. */
  readonly archive: { readonly digest: Digest; readonly size: number };
  readonly facts: PackFacts;
}

/** An unpacked pack. */
export interface PackArchive {
  /** YAML or JSON. */
  readonly manifest: string;
  /** Without the manifest. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array; readonly executable: boolean }[];
}

/**
 * A configured place to which packs are published. All bytes are compared with the digests that name them before they are used. Rejects
 * with `PACK_DIGEST_MISMATCH`, `PACK_ARTIFACT_INVALID`, `PACK_TOO_LARGE`, `REGISTRY_UNAVAILABLE`, `REGISTRY_DENIED`, `REGISTRY_REFUSED`.
 */
export abstract class PackRegistry {
  /** Its name in the configuration. */
  abstract readonly name: string;
  abstract find(pack: string, what: ArtifactName): Promise<PackArtifact | null>;
  abstract archive(artifact: PackArtifact): Promise<PackArchive>;
  /** Documents attached to an artifact that may be publishers' signatures. They are not verified. */
  abstract signatures(artifact: PackArtifact): Promise<readonly Json[]>;
  /** Names of the packs here, sorted; of those after a name. At most `limit`. */
  abstract packs(after: string | null, limit: number): Promise<readonly string[]>;
  /** Versions of a pack, in no particular order. */
  abstract versions(pack: string): Promise<readonly string[]>;
  /** Publishes a pack under its version. The same pack gives the same artifact. */
  abstract publish(facts: PackFacts, archive: PackArchive): Promise<PackArtifact>;
  /** Attaches a signature (a Sigstore bundle). An existing one is left unchanged. */
  abstract attach(artifact: PackArtifact, signature: Json): Promise<void>;
}

/** Error codes of a registry. */
export type RegistryErrorCode =
  /** Bytes do not match their digest, or a pack does not match its artifact's description. */
  | 'PACK_DIGEST_MISMATCH'
  /** The artifact is not a pack. */
  | 'PACK_ARTIFACT_INVALID'
  | 'PACK_TOO_LARGE'
  /** The registry does not answer, or not now. */
  | 'REGISTRY_UNAVAILABLE'
  /** The registry refuses the credentials. */
  | 'REGISTRY_DENIED'
  /** The registry refers to another host: by a redirect, for an upload, or for a token. */
  | 'REGISTRY_REFUSED'
  /** The registry does not support the operation. */
  | 'REGISTRY_UNSUPPORTED';
