/** What a law is tried with: 500 cases, the same in every change; nightly as many new ones as `TASKRUNNER_PROPERTY_RUNS` says. */
export function lawRuns(): { readonly numRuns: number; readonly seed?: number } {
  const { TASKRUNNER_PROPERTY_RUNS: runs } = process.env;
  return runs === undefined ? { numRuns: 500, seed: 1 } : { numRuns: Number(runs) };
}
