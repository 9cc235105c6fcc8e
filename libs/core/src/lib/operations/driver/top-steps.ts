import type { RunProjection } from '../../binding/run-projection';
import type { StepId } from '../../foundation/ids';
import { ROOT } from '../../plan/place';
import type { TurnBuilder } from '../turn/turn-builder';

/** Steps of the plan's outermost scope that have begun. The progress of a run is counted in them. */
export class TopSteps {
  private readonly begun = new Set<StepId>();

  constructor(results: RunProjection) {
    for (const [step] of results.all()) if (isTop(step)) this.begun.add(step);
  }

  /** Counts steps that a turn changes. They count even if the commit is refused, because they have begun. */
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
