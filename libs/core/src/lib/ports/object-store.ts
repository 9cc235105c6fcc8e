import type { Digest, TenantId } from '../foundation/ids';

/** Why an object store refuses. */
export type ObjectStoreErrorCode =
  | 'OBJECT_MISSING'
  /** More bytes than the caller allowed. */
  | 'OBJECT_TOO_LARGE'
  /** The bytes are not those that the digest names. */
  | 'OBJECT_DIGEST_MISMATCH'
  /** The range lies outside the object. */
  | 'OBJECT_RANGE';

export interface PutOptions {
  /** More than this is refused with `OBJECT_TOO_LARGE`. */
  readonly maxBytes: number;
  /** What the bytes must hash to; otherwise `OBJECT_DIGEST_MISMATCH`, and nothing is stored. */
  readonly expected?: Digest;
}

/** Both ends belong to it, from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Bytes by their sha256, per tenant: nothing is shared between tenants, not even equal bytes. Refusals are `CodedError`s. */
export abstract class ObjectStore {
  /** Stores the bytes durably before it resolves; an object is there as a whole or not at all. Storing it again changes nothing. */
  abstract put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
  /**
   * The object's bytes. A whole read is hashed on the way and throws `OBJECT_DIGEST_MISMATCH` before its last piece is
   * handed out, so that nobody takes altered bytes for a complete object. A range is not checked. Leaving the iteration early
   * frees what it holds.
   */
  abstract open(tenant: TenantId, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>>;
  /** Null if it is not there. */
  abstract stat(tenant: TenantId, digest: Digest): Promise<{ readonly size: number } | null>;
  /** False if it was not there. */
  abstract delete(tenant: TenantId, digest: Digest): Promise<boolean>;
  /** Removes what interrupted `put`s left behind more than `olderThanMs` ago; says how many. */
  abstract sweep(olderThanMs: number): Promise<number>;
}
