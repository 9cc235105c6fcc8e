import { Session } from 'node:inspector';

/** Steps of each of the calls, one after the other. Beginning and ending to count takes longer than many of the calls. */
function stepsOfEach(calls: readonly (() => unknown)[]): readonly number[] {
  const session = new Session();
  session.connect();
  try {
    // A session within its own thread has answered when `post` returns.
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    const counts = calls.map((call) => {
      call();
      let steps = 0;
      // Sets all counters to zero.
      session.post('Profiler.takePreciseCoverage', (error, { result }) => {
        if (error !== null) throw error;
        for (const { functions } of result) for (const { ranges } of functions) steps += ranges[0]?.count ?? 0;
      });
      return steps;
    });
    session.post('Profiler.stopPreciseCoverage');
    return counts;
  } finally {
    session.disconnect();
  }
}

/**
 * Number of steps of a call: calls of all JavaScript functions, as the engine counts them for coverage. It is the same on every machine
 * under any load. Code that calls no function (a bare loop, `indexOf`, a regular expression) counts as one step.
 */
export function stepsOf(run: () => unknown): number {
  const [steps = 0] = stepsOfEach([run]);
  return steps;
}

/**
 * How many times more steps the second doubling of a size adds than the first: 2 where steps are in proportion to the size, 4 where they are
 * to its square; next to 0 where what works is not JavaScript.
 */
export function growthOf(run: (size: number) => unknown, size: number): number {
  // One-time loading and initialisation belong to no size: the first call is not compared.
  const calls = [1, 1, 2, 4].map((times) => () => run(size * times));
  const [, once = 0, twice = 0, fourTimes = 0] = stepsOfEach(calls);
  return (fourTimes - twice) / Math.max(1, twice - once);
}
