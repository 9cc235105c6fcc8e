import type { Run } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';
import { pause } from '../retry/pause';
import { withRetry, type RetryOptions } from '../retry/retry';

/** Time for which the server holds one request. */
const HELD = '30s';
/** Minimum time between two requests, also if the server responds at once, milliseconds. */
const PAUSE_MS = 250;
const OVER: ReadonlySet<Run['status']> = new Set(['succeeded', 'failed', 'cancelled', 'halted']);
const OF_PEOPLE: ReadonlySet<string> = new Set(['approval', 'policy', 'attention', 'restore']);

/** Conditions of the wait. Without `giveUpAfterMs` and `signal` it has no time limit. */
export interface WaitOptions extends RetryOptions {
  /** `end` (default): the run has ended or was halted. `attention`: also when it needs a person. */
  readonly for?: 'end' | 'attention';
}

/** True if a run executes nothing more: it has ended, or was halted because its records were altered. */
export function isOver(run: Pick<Run, 'status'>): boolean {
  return OVER.has(run.status);
}

/** True if a run continues only after a person acts: decides at a gate, resolves a step, or resumes it after a restore. */
export function needsPerson(run: Pick<Run, 'status' | 'waits'>): boolean {
  return !isOver(run) && run.waits.some(({ kind }) => OF_PEOPLE.has(kind));
}

/** Waits until a run has ended, or needs a person, and returns it. Broken connections are replaced. */
export async function waitForRun(api: Api, runId: string, options: WaitOptions = {}): Promise<Run> {
  const { for: what = 'end', signal = null } = options;
  const params = { path: { runId }, query: { wait: HELD, for: what } };
  for (;;) {
    const run = await withRetry(() => bodyOf(api.GET('/api/runs/{runId}', { params, signal })), options);
    if (isOver(run) || (what === 'attention' && needsPerson(run))) return run;
    await pause(PAUSE_MS, signal ?? undefined);
  }
}
