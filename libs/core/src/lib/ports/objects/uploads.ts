import type { Digest, TenantId } from '../../foundation/ids';
import type { Subject } from '../../foundation/principal';

/** Limits for uploads before a submission. */
export interface UploadLimits {
  /** Bytes of one upload. */
  readonly maxBytes: number;
  /** Total bytes of a tenant's uploads, including those in progress. */
  readonly tenantBytes: number;
  /** Validity of an upload, milliseconds. */
  readonly keep: number;
}

/** A stored upload. */
export interface CompletedUpload {
  /** Id of its reservation. */
  readonly id: string;
  readonly digest: Digest;
  readonly size: number;
  readonly keepMs: number;
}

/** Bytes that callers have uploaded and may refer to until they expire. */
export abstract class Uploads {
  /** Reserves this number of bytes; null if the tenant's limit does not allow it. */
  abstract reserve(tenant: TenantId, by: Subject, bytes: number, limits: UploadLimits): Promise<string | null>;
  /** The bytes are stored. Others may refer to them until this time (milliseconds since the epoch). */
  abstract complete(tenant: TenantId, by: Subject, upload: CompletedUpload): Promise<{ readonly expiresAt: number }>;
  /** Releases a reservation whose bytes did not arrive. */
  abstract drop(tenant: TenantId, id: string): Promise<void>;
  /** Those of these digests that the tenant has uploaded and that are still valid, with their sizes. */
  abstract find(tenant: TenantId, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, number>>;
}
