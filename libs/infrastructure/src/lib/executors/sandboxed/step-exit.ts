import { constants } from 'node:os';
import type { Outcome, StepExcess, StepExit } from '@taskrunner/core/ports';
import { failed } from '../step/outcome';

/** sysexits.h EX_CONFIG: another attempt cannot succeed. */
const NEVER_AGAIN = 78;
/** A shell and bubblewrap report a signal as 128 plus its number. */
const SIGNAL_BASE = 128;
const LAST_SIGNAL = 31;

const MIB = 1024 * 1024;

/** The failure for an exceeded limit. It is retryable, like `KILLED`, because another attempt may stay within the limit. */
export function failureOfExcess(excess: StepExcess, exitCode: number | null): Outcome {
  const { limit, used, allowed, place = 'the workspace' } = excess;
  const [most, seen] = [Math.floor(allowed / MIB), Math.ceil(used / MIB)];
  switch (limit) {
    case 'memory':
      return over('MEMORY', `the step used ${seen} MiB of memory; the limit for all its processes is ${most} MiB`);
    case 'workspace':
      return over('WORKSPACE', `the step wrote ${seen} MiB to its workspace; the limit is ${most} MiB`);
    case 'files':
      return over('FILES', `the step created more than ${allowed} files and folders in ${place}`);
    case 'depth':
      return over('FILES', `the step created folders in ${place} that are nested more than ${allowed} levels deep`);
    case 'tmpfs':
      return over('TMPFS', `the step failed while ${place} was full; its size is ${most} MiB`);
  }

  function over(name: string, message: string): Outcome {
    return failed(`SANDBOX_LIMIT_${name}`, message, true, exitCode);
  }
}

/** The failure for an end; null if its exit code counts as success. Exit 75 (EX_TEMPFAIL) and all others are retryable. */
export function failureOf(exit: StepExit, okExitCodes: ReadonlySet<number>): Outcome | null {
  const { code, signal } = exit;
  if (code !== null && okExitCodes.has(code)) return null;
  const name = signal ?? signalBehind(code);
  if (name !== null) return failed('KILLED', `the step was killed by ${name}`, true, code);
  return failed(`EXIT_${code}`, `the step ended with exit code ${code}`, code !== NEVER_AGAIN, code);
}

function signalBehind(code: number | null): string | null {
  if (code === null || code <= SIGNAL_BASE || code > SIGNAL_BASE + LAST_SIGNAL) return null;
  const number = code - SIGNAL_BASE;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
