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
  /** Documents that were attached to it when it was last used. */
  readonly signatures: readonly Json[];
}

/** What each tenant remembers of published packs: a version never changes its content. */
export abstract class PackVersions {
  /** Remembers a version; returns the content digest that it has had since it was first met. */
  abstract remember(tenant: TenantId, version: KnownVersion): Promise<Digest>;
  /** Signatures of the version whose content this is; null if the tenant has not met it. */
  abstract signaturesOf(tenant: TenantId, contentDigest: Digest): Promise<readonly Json[] | null>;
}
