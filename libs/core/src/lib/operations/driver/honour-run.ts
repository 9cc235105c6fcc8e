import type { AdmissionRecord } from '../../evidence/records/documents';
import type { PlanIndex } from '../../plan/plan-index';
import type { Environment, Profile } from '../../plan/profile';
import type { ClaimedRun } from '../../ports/runs/claims';
import { unmetOfRun, type Unmet, type WorkerMeans } from '../../publisher/honour';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import type { Restored } from '../claimed-run/restore-run';
import type { Refusal } from '../claimed-run/refusal';

/**
 * Decides whether this worker drives a run that it has claimed. Null: it does. `passed`: it has released the run for another worker or
 * until a worker can honour it. Otherwise the run ends. It ends only if the configuration withdrew what the run was admitted with: the run
 * was admitted before this worker read its configuration, and no other living worker may still provide it. For a pack that is no longer
 * trusted, other workers do not matter.
 */
export async function honourRun(
  { honouring, claims }: Pick<DriverDependencies, 'honouring' | 'claims'>,
  run: ClaimedRun,
  { index, documents: { profile, environment }, admission }: Pick<Restored, 'index' | 'documents' | 'admission'>,
): Promise<Refusal | 'passed' | null> {
  if (honouring === undefined) return null;
  const means = honouring.means();
  const unmet = unmetOfRun({ index, admission, profile, environment }, means);
  if (unmet.length === 0) return null;
  const stop = stopOf(unmet, admission, means);
  if (stop?.part !== 'packTrust' && (await claims.pass(run, partsOf(unmet), stop !== null))) {
    honouring.unmet(run, unmet, null);
    return 'passed';
  }
  const refusal: Refusal | null =
    stop?.stops == null
      ? null
      : { code: stop.stops, message: `the run cannot continue on this worker: ${stop.detail}` };
  honouring.unmet(run, unmet, refusal);
  return refusal ?? 'passed';
}

/** What a run lacks here, according to its own documents. */
export function unmetOf(
  { profile, environment }: Pick<ClaimedRun, 'profile' | 'environment'>,
  index: PlanIndex,
  admission: Pick<AdmissionRecord, 'pack' | 'tenant'>,
  means: WorkerMeans,
): readonly Unmet[] {
  return unmetOfRun(
    { index, admission, profile: JSON.parse(profile) as Profile, environment: JSON.parse(environment) as Environment },
    means,
  );
}

/**
 * Why a run ends if no other worker may drive it; null if it waits. A run that was admitted later than this worker's configuration knows a
 * newer configuration.
 */
export function stopOf(
  unmet: readonly Unmet[],
  { acceptedAt }: Pick<AdmissionRecord, 'acceptedAt'>,
  { configuredAt }: Pick<WorkerMeans, 'configuredAt'>,
): Unmet | null {
  return Date.parse(acceptedAt) < configuredAt ? (unmet.find(({ stops }) => stops !== null) ?? null) : null;
}

/** The names of the parts, separated by commas, for people, logs and metrics. */
export function partsOf(unmet: readonly Unmet[]): string {
  return [...new Set(unmet.map(({ part }) => part))].join(',');
}
