import type { NodeId, StepId } from '../foundation/ids';
import type { PlanIndex } from '../plan/plan-index';
import type { Entry } from '../run/entry';
import { RunProjection } from './run-projection';
import { doneAgain, mayTakeOver } from './reuse';

/** The results of the original run, as far as they decide what a rerun reuses. */
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

  /** True if the rerun, in its state `now`, reuses the original's result of this leaf. */
  mayTakeOver(step: StepId, now: RunProjection): boolean {
    return mayTakeOver(this.index, step, this.again, this.results, now);
  }
}
