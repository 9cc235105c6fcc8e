import { Session } from 'node:inspector';

/**
 * Number of steps of a call: calls of all JavaScript functions, as the engine counts them for coverage. It is the same on every machine
 * under any load. Code that calls no function (a bare loop, `indexOf`, a regular expression) counts as one step.
 */
export function stepsOf(run: () => unknown): number {
  const session = new Session();
  session.connect();
  try {
    // A session within its own thread has answered when `post` returns.
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    run();
    let steps = 0;
    session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { functions } of result) for (const { ranges } of functions) steps += ranges[0]?.count ?? 0;
    });
    session.post('Profiler.stopPreciseCoverage');
    return steps;
  } finally {
    session.disconnect();
  }
}

/**
 * How many times more steps the second doubling of a size adds than the first: 2 where steps are in proportion to the size, 4 where they are
 * to its square; next to 0 where what works is not JavaScript.
 */
export function growthOf(run: (size: number) => unknown, size: number): number {
  // One-time loading and initialisation belong to no size.
  run(size);
  const steps = (times: number): number => stepsOf(() => run(size * times));
  const [once, twice, fourTimes] = [steps(1), steps(2), steps(4)];
  return (fourTimes - twice) / Math.max(1, twice - once);
}
