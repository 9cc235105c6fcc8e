import type { Digest, TenantId } from '../../foundation/ids';
import type { Subject } from '../../foundation/principal';

/** What callers may put in before they submit. */
export interface UploadLimits {
  /** Bytes of one upload. */
  readonly maxBytes: number;
  /** Bytes of a tenant's uploads together, those on their way among them. */
  readonly tenantBytes: number;
  /** How long an upload is accepted, milliseconds. */
  readonly keep: number;
}

/** An upload whose bytes are stored. */
export interface CompletedUpload {
  /** That of its reservation. */
  readonly id: string;
  readonly digest: Digest;
  readonly size: number;
  readonly keepMs: number;
}

/** Bytes that callers have put in, and may refer to for a while. */
export abstract class Uploads {
  /** Holds room for so many bytes; null if the tenant has not so much left. */
  abstract reserve(tenant: TenantId, by: Subject, bytes: number, limits: UploadLimits): Promise<string | null>;
  /** The bytes are stored: others may refer to them until then (milliseconds since the epoch). */
  abstract complete(tenant: TenantId, by: Subject, upload: CompletedUpload): Promise<{ readonly expiresAt: number }>;
  /** Gives back what was reserved and did not come. */
  abstract drop(tenant: TenantId, id: string): Promise<void>;
  /** Of these, those that the tenant has uploaded and that are still accepted, with their sizes. */
  abstract find(tenant: TenantId, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, number>>;
}
