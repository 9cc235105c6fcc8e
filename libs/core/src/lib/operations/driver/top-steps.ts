import type { RunProjection } from '../../binding/run-projection';
import type { StepId } from '../../foundation/ids';
import { ROOT } from '../../plan/place';
import type { TurnBuilder } from '../turn/turn-builder';

/** Steps of the plan's first level that have begun: what a run counts of its progress. */
export class TopSteps {
  private readonly begun = new Set<StepId>();

  constructor(results: RunProjection) {
    for (const [step] of results.all()) if (isTop(step)) this.begun.add(step);
  }

  /** Steps that a turn changes: they count although its commit may be refused, since they have begun. */
  noteChanged({ changed }: TurnBuilder): void {
    for (const [step, { kind }] of changed) if (isTop(step) && kind !== 'pending') this.begun.add(step);
  }

  all(): ReadonlySet<StepId> {
    return this.begun;
  }
}

function isTop(step: StepId): boolean {
  return step !== ROOT && !step.includes('::');
}
