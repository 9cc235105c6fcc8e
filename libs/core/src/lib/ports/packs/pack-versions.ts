import type { Digest, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';

/** A version of a pack as a tenant first met it. */
export interface KnownVersion {
  readonly name: string;
  readonly version: string;
  readonly contentDigest: Digest;
  /** Of the artifact. */
  readonly digest: Digest;
  readonly registry: string;
  /** Documents that were attached to it at its last use. */
  readonly signatures: readonly Json[];
}

/** The published packs that each tenant has used: the content of a version never changes. */
export abstract class PackVersions {
  /** Records a version. Returns the content digest that it had when it was first recorded. */
  abstract remember(tenant: TenantId, version: KnownVersion): Promise<Digest>;
  /** Signatures of the version with this content; null if the tenant has not used it. */
  abstract signaturesOf(tenant: TenantId, contentDigest: Digest): Promise<readonly Json[] | null>;
}
