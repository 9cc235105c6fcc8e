import { searched } from '@taskrunner/core/testing';
import { storeScenarioOf } from '../testing/store-scenario';
import { play, type Bug } from '../testing/world';

const STORIES = searched(12, 2_000);

/** The first story that violates an invariant; null if none does. */
async function broken(bugs: ReadonlySet<Bug>): Promise<string | null> {
  for (let seed = 1; seed <= STORIES; seed++) {
    const { violations } = await play(storeScenarioOf(seed), bugs);
    if (violations[0]) return `seed ${seed}: ${violations[0].invariant} ${violations[0].what}`;
  }
  return null;
}

describe('an object store that is away, full, read-only or slow at seeded times', () => {
  it('costs no step its outcome, and lets no step act whose result could not be stored', async () => {
    expect(await broken(new Set())).toBeNull();
  }, 600_000);

  it('is told from one that nobody looks at before a step begins', async () => {
    expect(await broken(new Set<Bug>(['steps-begin-without-a-store']))).toContain(
      'while its result could not be stored',
    );
  });

  it('is told from one that is asked once alone', async () => {
    expect(await broken(new Set<Bug>(['results-are-stored-once']))).toContain('needs attention');
  });
});
