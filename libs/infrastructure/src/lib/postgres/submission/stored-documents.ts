import type { TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';

/** The plan and the profile of a run. */
type Documents = Pick<NewRun, 'planHash' | 'profileDigest'>;

/** Number of plans that are remembered, some 200 bytes each. */
const KEPT = 4_096;

/** Plans and profiles that this process has stored lately. They may have been deleted since. */
export class StoredDocuments {
  private readonly known = new Set<string>();

  has(tenant: TenantId, runs: readonly Documents[]): boolean {
    return runs.every((run) => this.known.has(keyOf(tenant, run)));
  }

  /** The plans of these runs are stored. Those that were stored first are forgotten first. */
  add(tenant: TenantId, runs: readonly Documents[]): void {
    for (const run of runs) this.known.add(keyOf(tenant, run));
    for (const key of this.known) {
      if (this.known.size <= KEPT) return;
      this.known.delete(key);
    }
  }

  /** A plan or a profile of these runs may be gone. */
  forget(tenant: TenantId, runs: readonly Documents[]): void {
    for (const run of runs) this.known.delete(keyOf(tenant, run));
  }
}

function keyOf(tenant: TenantId, { planHash, profileDigest }: Documents): string {
  return `${tenant} ${planHash} ${profileDigest}`;
}
