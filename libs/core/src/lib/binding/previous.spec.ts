import { Random } from '../../testing/random/random';
import { randomPlan, testDefaults, testRules } from '../../testing/random/random-plan';
import { RandomWorld } from '../../testing/random/random-world';
import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import { indexOf, isItem, itemOf, repeatOf, ROOT } from '../plan/place';
import { indexPlan, nodeAt, parentOf, type PlanIndex } from '../plan/plan-index';
import type { ValueRef } from '../step/value-ref';
import { RunProjection } from './run-projection';
import { previousItem } from './scope';
import { searched } from '../../testing/runs-of-laws';

const PLANS = searched(600, 6_000);

/** The loop around a step, found by climbing the tree up to the border of its pack. */
function loopAround(index: PlanIndex, step: StepId): StepId | null {
  for (let at = parentOf(index, step); at !== ROOT; at = parentOf(index, at)) {
    if (isItem(at)) continue;
    const { kind } = nodeAt(index, at).node;
    if (kind === 'loop') return at;
    if (kind === 'pack') return null;
  }
  return null;
}

/** Number of leaves of a run that begin with a `previous` other than the result of the last ended iteration. */
function wrongReads(previousOf: typeof previousItem, plans = PLANS): { readonly wrong: number; readonly read: number } {
  let wrong = 0;
  let read = 0;
  for (let seed = 1; seed <= plans && wrong === 0; seed++) {
    const random = new Random(seed);
    const index = indexPlan(randomPlan(random), digestOf('plan'), testDefaults, testRules);
    const results = new RunProjection();
    const last = new Map<StepId, ValueRef>();
    for (const entry of new RandomWorld(index, random).play().entries) {
      results.take(entry);
      const { event } = entry;
      if (event.type === 'step.ended' && isItem(event.step)) last.set(repeatOf(event.step), event.outputs);
      if (event.type !== 'step.started') continue;
      const loop = loopAround(index, event.step);
      if (loop === null) continue;
      const item = previousOf(index, event.step);
      const seen = item === null ? null : (results.get(item)?.outputs ?? null);
      if (last.has(loop)) read += 1;
      if (seen?.digest !== last.get(loop)?.digest) wrong += 1;
    }
  }
  return { wrong, read };
}

describe('previous', () => {
  it('is what the iteration that ended last yielded, of the innermost loop, in random runs', () => {
    const { wrong, read } = wrongReads(previousItem, searched(800, 24_000));
    expect(wrong).toBe(0);
    expect(read).toBeGreaterThan(20);
  });

  it.each<[string, typeof previousItem]>([
    [
      'the iteration before that',
      (index, step) => {
        const item = previousItem(index, step);
        return item === null || indexOf(item) === 0 ? null : itemOf(repeatOf(item), indexOf(item) - 1);
      },
    ],
    [
      'the first iteration',
      (index, step) =>
        previousItem(index, step) === null ? null : itemOf(repeatOf(previousItem(index, step) as StepId), 0),
    ],
    ['nothing', () => null],
  ])('a planted bug is found: it is %s', (_what, bug) => {
    expect(wrongReads(bug).wrong).toBeGreaterThan(0);
  });
});
