import type { Invariant } from './testing/verdict';
import type { Theme } from './testing/scenario';
import { scenarioOf } from './testing/shrink';
import { play, type Bug } from './testing/world';

/** The longest that is looked for a planted bug. */
const ENOUGH = 3_000;

interface Planted {
  readonly invariant: Invariant;
  readonly bug: Bug;
  readonly theme?: Theme;
  readonly lent?: true;
}

describe('the engine with a planted bug, over seeded disturbances', () => {
  /** With the theme of the stories in which it shows (none: any), and whether workers must lend. Of invariant 8 see `harness-advance.spec.ts` too. */
  const planted: readonly Planted[] = [
    { invariant: 1, bug: 'arms-do-not-join', theme: 'messages' },
    { invariant: 1, bug: 'the-outbox-does-not-join', theme: 'messages' },
    { invariant: 1, bug: 'claims-keep-the-fence' },
    { invariant: 5, bug: 'positions-are-not-compared', theme: 'messages' },
    { invariant: 5, bug: 'standings-do-not-know-the-head', theme: 'messages' },
    { invariant: 2, bug: 'parks-over-letters', theme: 'gates' },
    { invariant: 3, bug: 'decisions-do-not-look-at-the-run', theme: 'gates' },
    { invariant: 3, bug: 'quorum-is-read-from-the-snapshot', theme: 'gates' },
    { invariant: 4, bug: 'leases-end-early', theme: 'deaths' },
    { invariant: 4, bug: 'children-outlive-their-lease', theme: 'deaths' },
    { invariant: 9, bug: 'steps-keep-their-first-status' },
    { invariant: 9, bug: 'snapshots-forget-times' },
    { invariant: 7, bug: 'chunks-lose-a-line' },
    { invariant: 7, bug: 'readers-skip-a-line' },
    { invariant: 6, bug: 'sweeps-condemn', theme: 'deaths' },
    { invariant: 1, bug: 'assignments-keep-their-fence', theme: 'deaths', lent: true },
    { invariant: 2, bug: 'swept-assignments-are-not-freed', theme: 'deaths', lent: true },
    { invariant: 1, bug: 'lent-reports-without-fence', theme: 'deaths', lent: true },
    { invariant: 8, bug: 'executions-begin-after-revocation', lent: true },
    { invariant: 10, bug: 'sweeps-without-being-steady', theme: 'outages' },
    { invariant: 10, bug: 'gates-are-locked-before-runs', theme: 'gates' },
  ];
  it.each(planted)(
    'finds that invariant $invariant is broken by: $bug',
    async ({ invariant, bug, theme, lent = false }) => {
      const bugs = new Set([bug]);
      for (let seed = 1; seed <= ENOUGH; seed++) {
        const scenario = scenarioOf(seed);
        if (theme !== undefined && scenario.theme !== theme) continue;
        if (lent && scenario.lending === null) continue;
        const { violations } = await play(scenario, bugs);
        if (violations.some((violation) => violation.invariant === invariant)) return;
      }
      throw new Error(`not found in ${ENOUGH} seeds`);
    },
    180_000,
  );
});
