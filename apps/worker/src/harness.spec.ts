import { harnessOf } from './testing/seeds';
import { scenarioOf } from './testing/shrink';
import { play } from './testing/world';

describe('the engine, over seeded disturbances', () => {
  harnessOf('odd');

  it('tells the same story of the same seed', async () => {
    for (const seed of [11, 12, 13]) {
      const [once, again] = [await play(scenarioOf(seed)), await play(scenarioOf(seed))];
      expect(again).toEqual(once);
      expect(once.statements).toBeGreaterThan(0);
    }
  }, 60_000);
});
