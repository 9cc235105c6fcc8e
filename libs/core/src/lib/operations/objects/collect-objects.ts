import type { TenantId } from '../../foundation/ids';
import type { ObjectReferences } from '../../ports/objects/object-references';
import type { CollectableObjectStore } from '../../ports/objects/object-store';

/** Parameters of the collection. */
export interface CollectDependencies {
  readonly store: CollectableObjectStore;
  readonly references: ObjectReferences;
  /** Objects that were stored within this many milliseconds are kept, because a reference may still be written. */
  readonly graceMs: number;
  /** Interval between scans of a tenant's objects, milliseconds. An object is deleted at the second scan that finds it unreferenced. */
  readonly intervalMs: number;
  /** A monotonic clock, milliseconds. */
  readonly monotonicMs: () => number;
}

/** Result of a scan. */
interface Collected {
  readonly tenant: TenantId;
  readonly collected: number;
  readonly uploads: number;
}

/** Number of objects deleted concurrently. */
const AT_ONCE = 8;

/**
 * Scans one tenant's objects and deletes those that are not referenced; null if no tenant is due. It is safe beside other workers that do
 * the same, and beside everything that stores objects.
 */
export async function collectObjects(dependencies: CollectDependencies, stop: AbortSignal): Promise<Collected | null> {
  const { store, references, graceMs, intervalMs, monotonicMs } = dependencies;
  const tenant = await references.takeDue(intervalMs);
  if (tenant === null) return null;
  const began = monotonicMs();
  const uploads = await references.forgetUploads(tenant);
  let collected = 0;
  for await (const aged of store.aged(tenant, graceMs)) {
    // Two scans are one interval apart, give or take their duration.
    const unneeded = [...(await references.unneeded(tenant, aged, intervalMs / 2))];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let digest = unneeded.pop(); digest !== undefined && !stop.aborted; digest = unneeded.pop())
          if (await store.collect(tenant, digest, graceMs)) collected++;
      }),
    );
    if (stop.aborted) return { tenant, collected, uploads };
  }
  await references.endLook(tenant, monotonicMs() - began);
  return { tenant, collected, uploads };
}
