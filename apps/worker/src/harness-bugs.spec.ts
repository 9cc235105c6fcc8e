import type { Invariant } from './testing/verdict';
import type { Theme } from './testing/scenario';
import { scenarioOf } from './testing/shrink';
import { play, type Bug } from './testing/world';

/** The longest that is looked for a planted bug. */
const ENOUGH = 3_000;

describe('the engine with a planted bug, over seeded disturbances', () => {
  /** With the theme of the stories in which it shows (none: any), and whether workers must lend. Of invariant 8 see `harness-advance.spec.ts` too. */
  const planted: readonly (readonly [Invariant, Bug, Theme | null, 'lent'?])[] = [
    [1, 'arms-do-not-join', 'messages'],
    [1, 'the-outbox-does-not-join', 'messages'],
    [1, 'claims-keep-the-fence', null],
    [5, 'positions-are-not-compared', 'messages'],
    [5, 'standings-do-not-know-the-head', 'messages'],
    [2, 'parks-over-letters', 'gates'],
    [3, 'decisions-do-not-look-at-the-run', 'gates'],
    [3, 'quorum-is-read-from-the-snapshot', 'gates'],
    [4, 'leases-end-early', 'deaths'],
    [4, 'children-outlive-their-lease', 'deaths'],
    [9, 'steps-keep-their-first-status', null],
    [9, 'snapshots-forget-times', null],
    [7, 'chunks-lose-a-line', null],
    [7, 'readers-skip-a-line', null],
    [6, 'sweeps-condemn', 'deaths'],
    [1, 'assignments-keep-their-fence', 'deaths', 'lent'],
    [2, 'swept-assignments-are-not-freed', 'deaths', 'lent'],
    [1, 'lent-reports-without-fence', 'deaths', 'lent'],
    [8, 'executions-begin-after-revocation', null, 'lent'],
    [10, 'sweeps-without-being-steady', 'outages'],
    [10, 'gates-are-locked-before-runs', 'gates'],
  ];
  it.each(planted)(
    'finds that invariant %i is broken by: %s',
    async (invariant, bug, theme, lent) => {
      const bugs = new Set([bug]);
      for (let seed = 1; seed <= ENOUGH; seed++) {
        const scenario = scenarioOf(seed);
        if (theme !== null && scenario.theme !== theme) continue;
        if (lent && scenario.lending === null) continue;
        const { violations } = await play(scenario, bugs);
        if (violations.some((violation) => violation.invariant === invariant)) return;
      }
      throw new Error(`not found in ${ENOUGH} seeds`);
    },
    600_000,
  );
});
