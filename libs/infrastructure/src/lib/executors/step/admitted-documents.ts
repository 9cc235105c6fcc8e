import type { Plan, Profile } from '@taskrunner/core/plan';
import type { ClaimedRun } from '@taskrunner/core/ports';

/** The documents of a run's admission. */
interface AdmittedDocuments {
  readonly plan: Plan;
  readonly profile: Profile;
}

const known = new WeakMap<ClaimedRun, AdmittedDocuments>();

/** Parsed once per claimed run: a plan may have megabytes. */
export function documentsOf(run: ClaimedRun): AdmittedDocuments {
  let documents = known.get(run);
  if (documents === undefined) {
    documents = { plan: JSON.parse(run.plan) as Plan, profile: JSON.parse(run.profile) as Profile };
    known.set(run, documents);
  }
  return documents;
}
