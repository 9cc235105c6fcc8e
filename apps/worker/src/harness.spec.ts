import { harnessOf } from './testing/seeds';
import { scenarioOf } from './testing/shrink';
import { play } from './testing/world';

describe('the engine, over seeded disturbances', () => {
  harnessOf('odd');

  // Offered and told to stop in one turn, then its driver was swept: the next one waited for an assignment that had no row. And: what was
  // decided before a claim that ends the run was ignored.
  it.each([67602, 82298, 63725])('tells a story well that once went wrong: %i', async (seed) => {
    expect((await play(scenarioOf(seed))).violations).toEqual([]);
  });

  it('tells the same story of the same seed', async () => {
    for (const seed of [11, 12, 13]) {
      const [once, again] = [await play(scenarioOf(seed)), await play(scenarioOf(seed))];
      expect(again).toEqual(once);
      expect(once.statements).toBeGreaterThan(0);
    }
  }, 60_000);
});
