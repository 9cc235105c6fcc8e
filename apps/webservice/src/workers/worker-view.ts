import { readProbe } from '@taskrunner/core/evidence';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { LivingWorker } from '@taskrunner/core/ports';
import { instant } from '../runs/run-view';

/** A worker in the form of the API. */
export function toWorker(worker: LivingWorker): JsonObject {
  const { id, name, version, build, labels, slots, isolations, environments, probe, runs, assignments } = worker;
  return {
    workerId: id,
    name,
    release: { version, build },
    since: instant(worker.since),
    lastHeartbeatAt: instant(worker.renewedAt),
    leaseUntil: instant(worker.leaseUntil),
    labels: [...labels],
    slots,
    isolations: [...isolations],
    environments: [...environments],
    probe: { digest: probe.digest, profiles: probe.text === null ? null : profilesIn(probe.text) },
    runs: { total: runs.total, latest: [...runs.latest] },
    assignments,
  };
}

/** Without the description of the sandbox, which names folders of the host. Null: the stored text is no probe document. */
function profilesIn(document: string): JsonObject[] | null {
  try {
    return readProbe(document).profiles.map(({ profile, available, reason, tried }) => {
      return { profile, available, reason, tried: [...tried] };
    });
  } catch {
    return null;
  }
}
