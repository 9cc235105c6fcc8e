import type { NodeId, StepId } from '../foundation/ids';
import type { PlanIndex } from '../plan/plan-index';
import type { Entry } from '../run/entry';
import { RunProjection } from './run-projection';
import { doneAgain, mayTakeOver } from './reuse';

/** The results of a run that a rerun does again, as far as they decide what the rerun takes over. */
export class OriginalResults {
  private readonly again: ReadonlySet<NodeId>;
  private readonly results = new RunProjection();

  constructor(
    private readonly index: PlanIndex,
    entries: Iterable<Entry>,
    from: string,
  ) {
    this.again = doneAgain(index, from);
    for (const entry of entries) this.results.take(entry);
  }

  /** True if the rerun, which has come as far as `now`, takes over what this leaf did. */
  mayTakeOver(step: StepId, now: RunProjection): boolean {
    return mayTakeOver(this.index, step, this.again, this.results, now);
  }
}
