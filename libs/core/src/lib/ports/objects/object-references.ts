import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** References to objects. Unreferenced objects are deleted when they are old enough. */
export abstract class ObjectReferences {
  /**
   * Records that a run references these objects. It precedes the page that names them, so that a page never names an object that may be
   * deleted.
   */
  abstract need(tenant: TenantId, run: RunId, digests: readonly Digest[]): Promise<void>;
  /** Registers tenants whose objects are to be scanned. New ones are due immediately. */
  abstract enrol(tenants: readonly TenantId[]): Promise<void>;
  /** A tenant whose objects have not been scanned for `intervalMs`; no other caller gets it for as long. Null if there is none. */
  abstract takeDue(intervalMs: number): Promise<TenantId | null>;
  /** Deletes expired uploads and returns their number. */
  abstract forgetUploads(tenant: TenantId): Promise<number>;
  /**
   * Of objects that are old enough, those without a reference now and at a scan at least `confirmMs` ago. Work that was delayed by an
   * outage of the database can thus still reference what it stored before. The others are recorded for the next scan.
   */
  abstract unneeded(tenant: TenantId, digests: readonly Digest[], confirmMs: number): Promise<readonly Digest[]>;
  /** Ends a scan that began `lookMs` ago. Objects that it did not find unreferenced are no longer suspected. */
  abstract endLook(tenant: TenantId, lookMs: number): Promise<void>;
}
