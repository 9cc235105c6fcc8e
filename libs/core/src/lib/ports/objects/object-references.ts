import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** Who needs which objects. What nobody needs is collected once it is old enough. */
export abstract class ObjectReferences {
  /** Notes that a run needs these objects. Comes before the page that names them: a page names nothing that may be collected. */
  abstract need(tenant: TenantId, run: RunId, digests: readonly Digest[]): Promise<void>;
  /** Makes tenants known whose objects are to be looked through, those of them that are new at once. */
  abstract enrol(tenants: readonly TenantId[]): Promise<void>;
  /** A tenant whose objects have not been looked through for `intervalMs`; nobody else gets it for as long. Null if there is none. */
  abstract takeDue(intervalMs: number): Promise<TenantId | null>;
  /** Forgets uploads that are no longer accepted; says how many. */
  abstract forgetUploads(tenant: TenantId): Promise<number>;
  /**
   * Of objects that are old enough, those that nobody refers to and nobody referred to at a look at least `confirmMs` ago either: so
   * work that an outage of the database has held up can still refer to what it stored before. Notes the others for the next look.
   */
  abstract unneeded(tenant: TenantId, digests: readonly Digest[], confirmMs: number): Promise<readonly Digest[]>;
  /** Ends a look that began `lookMs` ago: what it did not find unneeded is suspected no longer. */
  abstract endLook(tenant: TenantId, lookMs: number): Promise<void>;
}
