/** The code of steps that were stopped or left out because the run was ending. */
const BY_THE_END = 'RUN_CANCELLED';

/**
 * Why the run was ending when it left out a step, in addition to the code of the step; empty if the code says it already. `RUN_CANCELLED` of a
 * step does not mean that somebody cancelled the run: its end has many causes, such as a rejection.
 */
export function endCause(code: string | null, runCode: string | null): string {
  if (code !== BY_THE_END || runCode === null || runCode === BY_THE_END) return '';
  return ` because the run was ending (${runCode})`;
}
