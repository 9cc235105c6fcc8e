import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Metadata } from '../../pack/model/pack';

/** What a registry is asked for: a version by its name, or an artifact by its digest. */
export type ArtifactName =
  | { readonly version: string; readonly digest: null }
  | { readonly version: null; readonly digest: Digest };

/** What a published pack says of itself without being unpacked: the configuration of its artifact. Believed for lists alone. */
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
  /** Of the artifact: what `name@sha256:…` names. */
  readonly digest: Digest;
  /** Of the archive: the bytes as received. */
  readonly archive: { readonly digest: Digest; readonly size: number };
  readonly facts: PackFacts;
}

/** A pack unpacked. */
export interface PackArchive {
  /** YAML or JSON. */
  readonly manifest: string;
  /** Without the manifest. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array; readonly executable: boolean }[];
}

/**
 * A configured place that packs are published to. All bytes are compared with the digests that name them before anybody sees them.
 * Rejects with `PACK_DIGEST_MISMATCH`, `PACK_ARTIFACT_INVALID`, `PACK_TOO_LARGE`, `REGISTRY_UNAVAILABLE`, `REGISTRY_DENIED`, `REGISTRY_REFUSED`.
 */
export abstract class PackRegistry {
  /** As configured. */
  abstract readonly name: string;
  abstract find(pack: string, what: ArtifactName): Promise<PackArtifact | null>;
  abstract archive(artifact: PackArtifact): Promise<PackArchive>;
  /** Documents attached to an artifact that may be publishers' signatures; not verified. */
  abstract signatures(artifact: PackArtifact): Promise<readonly Json[]>;
  /** Names of the packs here, sorted; of those after a name. At most `limit`. */
  abstract packs(after: string | null, limit: number): Promise<readonly string[]>;
  /** Versions of a pack, in no order. */
  abstract versions(pack: string): Promise<readonly string[]>;
  /** Puts a pack there under its version. The same pack gives the same artifact. */
  abstract publish(facts: PackFacts, archive: PackArchive): Promise<PackArtifact>;
  /** Attaches a signature (a Sigstore bundle); one that is there already stays as it is. */
  abstract attach(artifact: PackArtifact, signature: Json): Promise<void>;
}

/** Why a registry does not give what it is asked for. */
export type RegistryErrorCode =
  /** Bytes differ from the digest that names them, or a pack from what its artifact says. */
  | 'PACK_DIGEST_MISMATCH'
  /** What is there is no pack. */
  | 'PACK_ARTIFACT_INVALID'
  | 'PACK_TOO_LARGE'
  /** It does not answer, or not now. */
  | 'REGISTRY_UNAVAILABLE'
  /** It does not take the credentials. */
  | 'REGISTRY_DENIED'
  /** It points to another host: with a redirect, an upload, or for a token. */
  | 'REGISTRY_REFUSED'
  /** It cannot do that. */
  | 'REGISTRY_UNSUPPORTED';
