import { isJsonArray } from '../foundation/json';
import type { StepId } from '../foundation/ids';
import { countedRange, rangeLength, writtenRange } from '../plan/loop-items';
import { nodeAt } from '../plan/plan-index';
import type { Answer } from '../step/question';
import { evaluate } from './answer';
import type { BindingContext } from './scope';
import { Missing } from './values';

/** Code of the planner's warning, and of the note in the journal of a run. */
export const LOOP_ITEMS_LIMIT = 'LOOP_ITEMS_LIMIT';

/** A loop has more items than it may have iterations. */
type LeftOutItems = { readonly items: number; readonly maxIterations: number };

/** What a loop leaves out whose items were just answered; null: nothing, or it is no loop. Its values are known. */
export function itemsLeftOut(context: BindingContext, step: StepId, answer: Answer): LeftOutItems | null {
  // Other answers may be for the run, which is no step.
  if (answer.kind !== 'items') return null;
  const { node } = nodeAt(context.index, step);
  if (node.kind !== 'loop' || node.items === null) return null;
  // A loop that leaves out items has as many as it may have.
  if (answer.count < node.maxIterations) return null;
  try {
    const value = evaluate(context, step, node.items, new Missing());
    const written = writtenRange(value);
    const range = written === null ? null : countedRange(written);
    const items = range === null ? (isJsonArray(value) ? value.length : 0) : rangeLength(range);
    const { maxIterations } = node;
    return items > maxIterations ? { items, maxIterations } : null;
  } catch {
    // The answer is the fault, which ends the step.
    return null;
  }
}

/** The sentence for people, with the code. */
export function itemsLeftOutText({ items, maxIterations }: LeftOutItems): string {
  return `${LOOP_ITEMS_LIMIT}: there are ${items} items, and the loop makes ${maxIterations} iterations: ${items - maxIterations} items are left out (maxIterations)`;
}
