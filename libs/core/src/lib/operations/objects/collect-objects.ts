import type { TenantId } from '../../foundation/ids';
import type { ObjectReferences } from '../../ports/objects/object-references';
import type { CollectableObjectStore } from '../../ports/objects/object-store';

/** What collecting goes by. */
export interface CollectDependencies {
  readonly store: CollectableObjectStore;
  readonly references: ObjectReferences;
  /** Objects that were put within this many milliseconds stay, whoever needs them: their reference may be on its way. */
  readonly graceMs: number;
  /** How often a tenant's objects are looked through, milliseconds. An object goes at the second look that finds it unneeded. */
  readonly intervalMs: number;
  /** Milliseconds that only rise. */
  readonly monotonicMs: () => number;
}

/** What a look has done. */
interface Collected {
  readonly tenant: TenantId;
  readonly collected: number;
  readonly uploads: number;
}

/** Objects collected at the same time. */
const AT_ONCE = 8;

/**
 * Looks through one tenant's objects and collects those that nobody needs; null if no tenant is due. Harmless beside other workers that
 * do the same, and beside everything that stores objects.
 */
export async function collectObjects(dependencies: CollectDependencies, stop: AbortSignal): Promise<Collected | null> {
  const { store, references, graceMs, intervalMs, monotonicMs } = dependencies;
  const tenant = await references.takeDue(intervalMs);
  if (tenant === null) return null;
  const began = monotonicMs();
  const uploads = await references.forgetUploads(tenant);
  let collected = 0;
  for await (const aged of store.aged(tenant, graceMs)) {
    // Two looks are an interval apart, give or take the time that they take.
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
