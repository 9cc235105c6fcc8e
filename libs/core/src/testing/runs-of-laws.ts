const { TASKRUNNER_TESTS: tests, TASKRUNNER_PROPERTY_RUNS: runs } = process.env;

/** Size of a test's search: `few` in `npm test`, `many` in `npm run test:all` (`TASKRUNNER_TESTS=all`). */
export function searched<Size>(few: Size, many: Size): Size {
  return tests === 'all' ? many : few;
}

/**
 * Cases of a property: the same `few` in every `npm test`; in `npm run test:all` 10 000, different each time. `TASKRUNNER_PROPERTY_RUNS`
 * requests another number of new ones. A property that plans or plays whole packs has fewer than 100.
 */
export function lawRuns(few = 100): { readonly numRuns: number; readonly seed?: number } {
  if (runs !== undefined) return { numRuns: Number(runs) };
  return tests === 'all' ? { numRuns: 10_000 } : { numRuns: few, seed: 1 };
}

/**
 * A test, or a group of tests, for `npm run test:all` only: it varies, or repeats in numbers, what another one checks in every `npm test`.
 * docs/development.md lists them.
 */
export function atNight<Register extends (...args: never[]) => unknown>(register: Register): Register {
  const left = Object.assign(() => undefined, { each: () => () => undefined });
  return tests === 'all' ? register : (left as unknown as Register);
}

/** Like `searched`, for a property: the same `few` cases in every `npm test`, `many` different ones in `npm run test:all`. */
export function searchedCases(few: number, many: number): { readonly numRuns: number; readonly seed?: number } {
  return tests === 'all' ? { numRuns: many } : { numRuns: few, seed: 1 };
}

/**
 * Seeds for a search that must find a planted bug: from the one that is known to find it to `last`, then those before it. In `npm run
 * test:all` all of them from 1, which shows whether the bug is still found without help.
 */
export function* seedsFrom(known: number, last: number): Generator<number> {
  const first = searched(known, 1);
  for (let seed = first; seed <= last; seed++) yield seed;
  for (let seed = 1; seed < first; seed++) yield seed;
}
