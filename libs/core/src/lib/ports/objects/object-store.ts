import { isCodedError } from '../../foundation/coded-error';
import type { Digest, TenantId } from '../../foundation/ids';

/** Error codes of an object store. */
export type ObjectStoreErrorCode =
  | 'OBJECT_MISSING'
  /** More bytes than the caller allowed. */
  | 'OBJECT_TOO_LARGE'
  /** The bytes do not match the digest. */
  | 'OBJECT_DIGEST_MISMATCH'
  /** The range lies outside the object. */
  | 'OBJECT_RANGE'
  /** The store does not answer or has no room. The same work may succeed later. */
  | 'OBJECT_STORE_UNAVAILABLE'
  /** The store refuses: wrong bucket, credentials or permissions. */
  | 'OBJECT_STORE_REFUSED';

/**
 * True if the store itself is the cause: it is unavailable, full, read-only, or denies access. The same work may succeed once it has
 * recovered.
 */
export function isStoreOutage(error: unknown): boolean {
  return isCodedError(error) && (error.code === 'OBJECT_STORE_UNAVAILABLE' || error.code === 'OBJECT_STORE_REFUSED');
}

export interface PutOptions {
  /** Maximum bytes. More is refused with `OBJECT_TOO_LARGE`. */
  readonly maxBytes: number;
  /** Expected digest of the bytes. If it does not match, nothing is stored and `OBJECT_DIGEST_MISMATCH` is thrown. */
  readonly expected?: Digest;
}

/** Both ends are inclusive, from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A file that another process wrote into a staging folder. */
export interface StagedFile {
  /** Name in the folder itself. */
  readonly name: string;
  /** Digest of the bytes, computed while they were written. The store does not read them again. */
  readonly digest: Digest;
  readonly size: number;
}

/** A folder of a store that another process fills, so that the bytes need not pass through this one. */
export interface Staging {
  /** Absolute path; initially empty. */
  readonly folder: string;
  /**
   * Moves a finished file out of the folder and stores it, with all guarantees of `put`. Throws `OBJECT_DIGEST_MISMATCH` if it is not a
   * plain file of that size.
   */
  adopt(tenant: TenantId, file: StagedFile): Promise<void>;
  /** Deletes the folder with its contents. */
  close(): Promise<void>;
}

/** The id of a store, by which an installation recognises it. */
export interface StoreIdentity {
  /** Null: the store has no id. Throws like `stat` if the store is unavailable. */
  read(): Promise<string | null>;
  /** Writes the id durably. */
  write(id: string): Promise<void>;
  /** True if the store has no objects of any tenant. */
  isEmpty(): Promise<boolean>;
  /** Deletes what opening the store has created, if nothing was stored since: it is not the store of this installation. Never rejects. */
  abandon?(): Promise<void>;
}

/** Bytes by sha256, per tenant: nothing is shared between tenants, not even equal bytes. Errors are `CodedError`s. */
export abstract class ObjectStore {
  /**
   * Stores the bytes durably before it resolves. An object exists completely or not at all. Storing it again only resets its age; an object
   * that is being deleted exists again before this resolves.
   */
  abstract put(
    tenant: TenantId,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
  /**
   * A new folder for files of a process that runs as `owner` (null: as this process's user). Null if this store accepts bytes only by
   * `put`, which is the default.
   */
  stage(_owner: { readonly uid: number; readonly gid: number } | null): Promise<Staging | null> {
    return Promise.resolve(null);
  }
  /** The id of this store. Null, which is the default: it keeps none, and is not compared with the database. */
  identity(): StoreIdentity | null {
    return null;
  }
  /**
   * The object's bytes. A whole read is hashed on the way and throws `OBJECT_DIGEST_MISMATCH` before its last piece is handed out, so that
   * nobody takes altered bytes for a complete object. A range is not checked. Ending the iteration early releases its resources.
   */
  abstract open(tenant: TenantId, digest: Digest, range?: ByteRange): Promise<AsyncIterable<Uint8Array>>;
  /** Null if the object does not exist. */
  abstract stat(tenant: TenantId, digest: Digest): Promise<{ readonly size: number } | null>;
  /** False if the object did not exist. */
  abstract delete(tenant: TenantId, digest: Digest): Promise<boolean>;
  /** Writes this number of bytes like `put`, outside of any tenant, and deletes them. Throws like `put` if they cannot be stored. */
  abstract probe(bytes: number): Promise<void>;
  /** Deletes the remains of `put`s that were interrupted more than `olderThanMs` ago, and returns their number. */
  abstract sweep(olderThanMs: number): Promise<number>;
}

/** Additional methods that deleting unreferenced objects needs. Ages are measured by the store's own clock. */
export abstract class CollectableObjectStore extends ObjectStore {
  /** Tenants that have objects in this store. */
  abstract tenants(): Promise<readonly TenantId[]>;
  /** The tenant's objects that were last stored at least `olderThanMs` ago, in batches. */
  abstract aged(tenant: TenantId, olderThanMs: number): AsyncIterable<readonly Digest[]>;
  /**
   * Deletes the object unless it was stored within `olderThanMs` (1 s or more). Returns whether it did. Safe beside `put`s and other
   * collectors: an object whose `put` resolved within that time is kept.
   */
  abstract collect(tenant: TenantId, digest: Digest, olderThanMs: number): Promise<boolean>;
}
