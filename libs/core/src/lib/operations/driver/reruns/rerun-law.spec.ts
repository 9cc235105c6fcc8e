import fc from 'fast-check';
import { doneAgain, seen, type Assumptions } from '../../../../testing/paired-run';
import { plannableKinds, plannedOf } from '../../../../testing/planned-manifest';
import { seedlings } from '../../../../testing/random/random-manifest';
import { lawRuns } from '../../../../testing/runs-of-laws';
import { readsOf } from '../../../binding/behind';
import type { StepId } from '../../../foundation/ids';
import { isItem, itemsAround, ROOT } from '../../../plan/place';
import { nodeAt, parentOf } from '../../../plan/plan-index';
import type { Planned } from '../../../plan/plan-request';
import type { Derived } from '../../../run/run-event';

const seedling = seedlings(plannableKinds());
const chosen = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 });
/** A case plays two runs with all their pauses: a fifth of the cases takes as long as a law of one. */
function fewer(): ReturnType<typeof lawRuns> {
  const { numRuns, ...seed } = lawRuns(40);
  return { numRuns: Math.ceil(numRuns / 5), ...seed };
}

const NOTHING: Assumptions = { failing: new Set(), refused: new Set() };

function failingSome({ index }: Planned, choices: readonly number[]): Assumptions {
  const picked = [...index.nodes.keys()].filter((_, place) => choices[place % choices.length] === 0);
  return { failing: new Set(picked), refused: new Set() };
}

const reported = (events: readonly Derived[]): readonly string[] =>
  events.filter(({ type }) => type !== 'given.ignored').map(seen);

/** True if no difference between rerun and original can affect the step: it reads nothing of the run, is in no list, and is no cleanup. */
function isIndependent({ index }: Planned, step: StepId): boolean {
  if (itemsAround(step).length > 0) return false;
  if (readsOf(nodeAt(index, step)).some(({ root }) => root !== 'inputs' || step.includes('::'))) return false;
  for (let at = step; at !== ROOT; at = parentOf(index, at))
    if (!isItem(at) && nodeAt(index, at).node.runOn !== 'success') return false;
  return true;
}

describe('a rerun', () => {
  it('from the start says what a fresh run says', async () => {
    await fc.assert(
      fc.asyncProperty(seedling, chosen, async (from, choices) => {
        const { made } = plannedOf(from, false);
        const assumptions = failingSome(made, choices);
        const runs = await doneAgain(made, 'start', assumptions, assumptions);
        fc.pre(runs !== null);
        expect(reported(runs.again)).toEqual(reported(runs.first));
      }),
      fewer(),
    );
  }, 3_600_000);

  it('from where it failed starts nothing that had succeeded', async () => {
    let [taken, runs] = [0, 0];
    await fc.assert(
      fc.asyncProperty(seedling, chosen, async (from, choices) => {
        const { made } = plannedOf(from, false);
        const done = await doneAgain(made, 'failed', failingSome(made, choices), NOTHING);
        fc.pre(done !== null);
        runs += 1;
        const succeeded = done.first.flatMap((event) =>
          event.type === 'step.ended' && event.status === 'succeeded' && !isItem(event.step) ? [event.step] : [],
        );
        const single = succeeded.filter(
          (step) => nodeAt(made.index, step).node.kind === 'run' && isIndependent(made, step),
        );
        taken += single.length;
        expect(single.filter((step) => done.started.has(step))).toEqual([]);
      }),
      fewer(),
    );
    // The property is meaningful only if there was something to reuse.
    expect(taken).toBeGreaterThan(runs / 5);
  }, 3_600_000);
});
