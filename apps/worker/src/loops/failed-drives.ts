import type { IsolatedOutcome } from '../quarantine/quarantine';

/** Drives of one run that may fail in a row by a mistake of the program or the death of its own process, before the run is halted. */
const FAILURES_TO_HALT = 5;
/** Runs whose failures are remembered. A run that is driven elsewhere is forgotten when there are more. */
const REMEMBERED = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Built-in errors that mean a mistake of the program. */
const MISTAKES = [TypeError, RangeError, ReferenceError, EvalError, URIError];

/**
 * Counts drives of a run that failed by a mistake of the program, or whose own process died, which can happen while it commits the end of
 * the run. Such a run fails again, on every worker: without a limit it is driven once a second for ever, nothing ends it, and it holds its
 * concurrency group. Failures of the database, of stores and of other adapters do not
 * count, because they can pass.
 */
export class FailedDrives {
  private readonly counts = new Map<string, number>();
  private readonly pauses = new Map<string, number>();

  /** Counts a failure. True: the run must be halted. */
  isHopeless(runId: string): boolean {
    const count = (this.counts.get(runId) ?? 0) + 1;
    this.counts.delete(runId);
    remember(this.counts, runId, count);
    return count >= FAILURES_TO_HALT;
  }

  /** Pause after a failure in quarantine that does not count, milliseconds. It grows with each one. */
  pauseMs(runId: string): number {
    const pauses = this.pauses.get(runId) ?? 0;
    this.pauses.delete(runId);
    remember(this.pauses, runId, pauses + 1);
    return Math.min(FIRST_PAUSE_MS * 2 ** pauses, LONGEST_PAUSE_MS);
  }

  /** The run was driven without a failure. */
  forget(runId: string): void {
    this.counts.delete(runId);
    this.pauses.delete(runId);
  }
}

/** The oldest is forgotten if there are too many. */
function remember(numbers: Map<string, number>, runId: string, number: number): void {
  numbers.set(runId, number);
  const [oldest] = numbers.keys();
  if (numbers.size > REMEMBERED && oldest !== undefined) numbers.delete(oldest);
}

/** Why a drive outside of this process counts as a failure of its run; null if it does not. `mistake`: what its process reported. */
export function causeOf(driven: IsolatedOutcome, mistake: string | null): string | null {
  if (driven === 'died') return 'the process that drove this run alone died of it';
  return driven === 'failed' ? mistake : null;
}

/** Whether an error means a mistake of the program. `fetch` reports network errors as `TypeError` with a cause. */
export function isMistake(error: unknown): error is Error {
  return MISTAKES.some((kind) => error instanceof kind) && (error as Error).cause === undefined;
}
