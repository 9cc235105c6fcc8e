import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import type { Digest, StepId } from '../../foundation/ids';
import { isItem, ROOT } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';
import type { StepChange, StepRow } from '../../ports/runs/committer';
import { shownStatus, type StepState } from '../../step/step-state';
import type { StepRowsKept } from '../claimed-run/restore-run';
import { INLINE_BYTES, type RunValues } from '../claimed-run/run-values';
import { reachedSteps } from '../steps/reached-steps';
import { kindOf } from '../steps/step-row';
import { stepRows } from './step-rows';
import type { TurnBuilder } from './turn-builder';

/** The rows of steps that a commit writes. */
interface Written {
  readonly changes: readonly StepChange[];
  readonly rows: readonly StepRow[];
  /** True if the run has no rows of steps after the commit: readers take its steps from its journal. */
  readonly areJournaled: boolean;
}

/**
 * Decides which rows of steps a commit writes (ADR 108). A small run has none. It gets the rows of all steps that it has reached with the
 * first commit after which its journal is long, or in which it has reached what only rows show: an item, whose label needs values, or a step
 * that needs attention, which is resolved by its row. From then on each commit writes those that it changes.
 */
export class WrittenSteps {
  constructor(
    private readonly results: RunProjection,
    private readonly values: RunValues,
    /** Number of entries of the journal up to which a run has no rows; 0: each run has them. */
    private readonly entries: number,
    private kept: StepRowsKept,
  ) {}

  /** @param last number of the last entry of the commit */
  async of(turn: TurnBuilder, context: BindingContext, last: number): Promise<Written> {
    const changes = changesOf(turn, context.index);
    if (this.kept === 'all') return { changes, rows: await stepRows(turn, context, this.values), areJournaled: false };
    if (this.kept === 'none' && last <= this.entries && !needsRows(turn.changed))
      return { changes, rows: [], areJournaled: true };
    const reached = reachedSteps(turn.state, this.results, turn.results);
    await this.values.fetch(this.inlineOutputs(turn.results, reached.keys()));
    const rows = await stepRows({ changed: reached, results: turn.results }, context, this.values);
    return { changes, rows, areJournaled: false };
  }

  /** The rows of a commit were written. */
  committed({ areJournaled }: Written): void {
    this.kept = areJournaled ? 'none' : 'all';
  }

  /** Outputs that rows show by value and that are not in memory. */
  private *inlineOutputs(results: RunProjection, steps: Iterable<StepId>): Iterable<Digest> {
    for (const step of steps) {
      const outputs = results.get(step)?.outputs;
      if (outputs?.kind === 'value' && outputs.size <= INLINE_BYTES) yield outputs.digest;
    }
  }
}

function changesOf({ changed }: TurnBuilder, index: PlanIndex): readonly StepChange[] {
  const changes: StepChange[] = [];
  for (const [step, state] of changed)
    if (step !== ROOT && state.kind !== 'pending')
      changes.push({ step, kind: kindOf(index, step), status: shownStatus(state) });
  return changes;
}

function needsRows(changed: ReadonlyMap<StepId, StepState>): boolean {
  for (const [step, { kind }] of changed) if (kind === 'attention' || isItem(step)) return true;
  return false;
}
