import type { Approver } from '@taskrunner/core/gate';

/** The people whom `approvals.people` lists. A gate says whether enough of them can still approve. */
export abstract class KnownApprovers {
  /** Null: the configuration lists nobody, so it is not known who can approve. */
  abstract readonly people: readonly Approver[] | null;
}
