import type { RunProjection } from '../../binding/run-projection';
import type { StepId } from '../../foundation/ids';
import { ROOT } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';
import type { TurnBuilder } from '../turn/turn-builder';

/** Steps of the plan's outermost scope that have begun. The progress of a run is counted in them. */
export class TopSteps {
  private readonly seen = new Set<StepId>();
  /** How many the plan has. */
  readonly count: number;

  constructor({ nodes }: Pick<PlanIndex, 'nodes'>, results: RunProjection) {
    let count = 0;
    for (const node of nodes.keys()) if (!node.includes('::')) count++;
    this.count = count;
    for (const [step] of results.all()) if (isTop(step)) this.seen.add(step);
  }

  /** Counts steps that a turn changes. They count even if the commit is refused, because they have begun. */
  noteChanged({ changed }: TurnBuilder): void {
    for (const [step, { kind }] of changed) if (isTop(step) && kind !== 'pending') this.seen.add(step);
  }

  /** How many have begun. */
  get begun(): number {
    return this.seen.size;
  }
}

function isTop(step: StepId): boolean {
  return step !== ROOT && !step.includes('::');
}
