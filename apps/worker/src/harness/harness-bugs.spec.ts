import { seedsFrom } from '@taskrunner/core/testing';
import type { Invariant } from '../testing/verdict';
import type { Theme } from '../testing/scenario';
import { scenarioOf } from '../testing/shrink';
import { play, type Bug } from '../testing/world';

/** The last seed to try. */
const ENOUGH = 3_000;

interface Planted {
  readonly invariant: Invariant;
  readonly bug: Bug;
  /** A seed that finds the bug. */
  readonly known: number;
  readonly theme?: Theme;
  readonly fansOut?: true;
}

describe('the engine with a planted bug, over seeded disturbances', () => {
  /**
   * The theme of the stories that show the bug (none: any), and whether workers must fan out. For invariant 8 see `harness-advance.spec.ts`
   * too.
   */
  const planted: readonly Planted[] = [
    { invariant: 1, bug: 'arms-do-not-join', known: 33, theme: 'messages' },
    { invariant: 1, bug: 'the-outbox-does-not-join', known: 377, theme: 'messages' },
    { invariant: 1, bug: 'claims-keep-the-fence', known: 1 },
    { invariant: 5, bug: 'positions-are-not-compared', known: 10, theme: 'messages' },
    { invariant: 5, bug: 'standings-do-not-know-the-head', known: 11, theme: 'messages' },
    { invariant: 2, bug: 'parks-over-letters', known: 578, theme: 'gates' },
    { invariant: 3, bug: 'decisions-do-not-look-at-the-run', known: 69, theme: 'gates' },
    { invariant: 3, bug: 'quorum-is-read-from-the-snapshot', known: 1_056, theme: 'gates' },
    { invariant: 4, bug: 'leases-end-early', known: 290, theme: 'deaths' },
    { invariant: 4, bug: 'children-outlive-their-lease', known: 502, theme: 'deaths' },
    { invariant: 9, bug: 'steps-keep-their-first-status', known: 1 },
    { invariant: 9, bug: 'snapshots-forget-times', known: 55 },
    { invariant: 7, bug: 'chunks-lose-a-line', known: 1 },
    { invariant: 7, bug: 'readers-skip-a-line', known: 1 },
    { invariant: 6, bug: 'sweeps-condemn', known: 12, theme: 'deaths' },
    { invariant: 1, bug: 'assignments-keep-their-fence', known: 77, theme: 'deaths', fansOut: true },
    { invariant: 2, bug: 'swept-assignments-are-not-freed', known: 230, theme: 'deaths', fansOut: true },
    { invariant: 1, bug: 'lent-reports-without-fence', known: 714, theme: 'deaths', fansOut: true },
    { invariant: 8, bug: 'executions-begin-after-revocation', known: 341, fansOut: true },
    { invariant: 10, bug: 'sweeps-without-being-steady', known: 91, theme: 'outages' },
    { invariant: 10, bug: 'gates-are-locked-before-runs', known: 20, theme: 'gates' },
  ];
  it.each(planted)(
    'finds that invariant $invariant is broken by: $bug',
    async ({ invariant, bug, known, theme, fansOut = false }) => {
      const bugs = new Set([bug]);
      for (const seed of seedsFrom(known, ENOUGH)) {
        const scenario = scenarioOf(seed);
        if (theme !== undefined && scenario.theme !== theme) continue;
        if (fansOut && scenario.fanOut === null) continue;
        const { violations } = await play(scenario, bugs);
        if (violations.some((violation) => violation.invariant === invariant)) return;
      }
      throw new Error(`not found in ${ENOUGH} seeds`);
    },
    180_000,
  );
});
