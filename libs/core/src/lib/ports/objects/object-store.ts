import { isCodedError } from '../../foundation/coded-error';
import type { Digest, TenantId } from '../../foundation/ids';

/** Why an object store refuses. */
export type ObjectStoreErrorCode =
  | 'OBJECT_MISSING'
  /** More bytes than the caller allowed. */
  | 'OBJECT_TOO_LARGE'
  /** The bytes are not those that the digest names. */
  | 'OBJECT_DIGEST_MISMATCH'
  /** The range lies outside the object. */
  | 'OBJECT_RANGE'
  /** The store does not answer, or has no room: the same may work later. */
  | 'OBJECT_STORE_UNAVAILABLE'
  /** The store answers and refuses: wrong bucket, credentials or rights. */
  | 'OBJECT_STORE_REFUSED';

/** True if the store itself is what is wrong: it is away, full, read-only, or lets nobody in. The same work may succeed once it is back. */
export function isStoreOutage(error: unknown): boolean {
  return isCodedError(error) && (error.code === 'OBJECT_STORE_UNAVAILABLE' || error.code === 'OBJECT_STORE_REFUSED');
}

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

/** A file that another process laid into a staging folder. */
export interface StagedFile {
  /** In the folder itself. */
  readonly name: string;
  /** Of the bytes that were written, hashed as they were: the store does not read them again. */
  readonly digest: Digest;
  readonly size: number;
}

/** A folder of a store that another process fills, so that the bytes do not pass through this one. */
export interface Staging {
  /** Absolute; empty at first. */
  readonly folder: string;
  /**
   * Takes a file that nobody writes to any more out of the folder and stores it, with all that `put` promises. Throws `OBJECT_DIGEST_MISMATCH`
   * if it is not a plain file of that size.
   */
  adopt(tenant: TenantId, file: StagedFile): Promise<void>;
  /** Removes the folder with what is still in it. */
  close(): Promise<void>;
}

/** Bytes by their sha256, per tenant: nothing is shared between tenants, not even equal bytes. Refusals are `CodedError`s. */
export abstract class ObjectStore {
  /**
   * Stores the bytes durably before it resolves; an object is there as a whole or not at all. Storing it again changes nothing but its
   * age, and an object that is being collected is there again before this resolves.
   */
  abstract put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
  /**
   * A fresh folder for files of a process that runs as `owner` (null: as this one's user). Null if this store takes bytes only by `put`, as it
   * is unless an adapter says otherwise.
   */
  stage(_owner: { readonly uid: number; readonly gid: number } | null): Promise<Staging | null> {
    return Promise.resolve(null);
  }
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
  /** Writes so many bytes as `put` does, under no tenant, and removes them. Throws as `put` does where they are not kept. */
  abstract probe(bytes: number): Promise<void>;
  /** Removes what interrupted `put`s left behind more than `olderThanMs` ago; says how many. */
  abstract sweep(olderThanMs: number): Promise<number>;
}

/** What an object store needs besides so that what nobody needs can be taken out of it. Ages go by the store's own clock. */
export abstract class CollectableObjectStore extends ObjectStore {
  /** Tenants that have objects here. */
  abstract tenants(): Promise<readonly TenantId[]>;
  /** The tenant's objects that were last put at least `olderThanMs` ago, some at a time. */
  abstract aged(tenant: TenantId, olderThanMs: number): AsyncIterable<readonly Digest[]>;
  /**
   * Deletes the object unless it was put within `olderThanMs` (1 s or more); says whether it did. Safe beside `put`s and other collectors:
   * whatever `put` has resolved for within that time stays.
   */
  abstract collect(tenant: TenantId, digest: Digest, olderThanMs: number): Promise<boolean>;
}
