import type { AdmissionRecord } from '../../evidence/records/documents';
import { indexPlan } from '../../plan/plan-index';
import type { Plan } from '../../plan/plan';
import type { Environment, Profile } from '../../plan/profile';
import type { ParkedKind } from '../../ports/workers/run-environments';
import type { StopCode, Unmet, UnmetPart, WorkerMeans } from '../../publisher/honour';
import { partsOf, stopOf, unmetOf } from './honour-run';

/** Admission documents of one kind of run, as stored. */
type AdmittedTexts = Pick<ParkedKind, 'plan' | 'planHash' | 'profile' | 'environment'>;

/** The effect on a run if all workers have these capabilities. */
export type Forecast =
  | { readonly kind: 'continues' }
  | { readonly kind: 'stops'; readonly code: StopCode; readonly part: UnmetPart; readonly detail: string }
  /** `parts`: the missing parts, separated by commas. */
  | { readonly kind: 'waits'; readonly parts: string; readonly detail: string };

/** What runs lack on a worker, according to their admission documents. Throws if the documents are invalid. */
function unmetOfTexts(
  { plan, planHash, profile, environment }: AdmittedTexts,
  admission: Pick<AdmissionRecord, 'pack' | 'tenant'>,
  means: WorkerMeans,
): readonly Unmet[] {
  const { defaults } = JSON.parse(profile) as Profile;
  const index = indexPlan(JSON.parse(plan) as Plan, planHash, defaults, JSON.parse(environment) as Environment);
  return unmetOf({ profile, environment }, index, admission, means);
}

/** The effect of a configuration change on one kind of run. Throws if the documents are invalid. */
export function forecastRuns(texts: AdmittedTexts, admission: AdmissionRecord, means: WorkerMeans): Forecast {
  const unmet = unmetOfTexts(texts, admission, means);
  const [first] = unmet;
  if (first === undefined) return { kind: 'continues' };
  const stop = stopOf(unmet, admission, means);
  if (stop?.stops == null) return { kind: 'waits', parts: partsOf(unmet), detail: first.detail };
  return { kind: 'stops', code: stop.stops, part: stop.part, detail: stop.detail };
}
