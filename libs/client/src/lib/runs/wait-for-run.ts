import type { Run } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';
import { optionFrom } from '../problem/option';
import { pause } from '../retry/pause';
import { withRetry, type FollowingOptions } from '../retry/retry';

/** How long the server holds one request, seconds. */
const HELD = 30;
/** From one request to the next, also if the server answers at once. */
const PAUSE_MS = 250;
const OVER: ReadonlySet<Run['status']> = new Set(['succeeded', 'failed', 'cancelled', 'halted']);
const OF_PEOPLE: ReadonlySet<string> = new Set(['approval', 'policy', 'attention', 'restore']);

/** Conditions of the wait. Without `giveUpAfterMs` and `signal` it has no time limit. */
export interface WaitOptions extends FollowingOptions {
  /** `end` (default): the run has ended or was halted. `attention`: also when it needs a person. */
  readonly for?: 'end' | 'attention';
  /** Time after which the run is returned as it is then, milliseconds. Default: `Infinity`. */
  readonly timeoutMs?: number;
}

/** True if a run executes nothing more: it has ended, or was halted because its records were altered. */
export function isOver(run: Pick<Run, 'status'>): boolean {
  return OVER.has(run.status);
}

/** True if a run continues only after a person acts: decides at a gate, resolves a step, or resumes it after a restore. */
export function needsPerson(run: Pick<Run, 'status' | 'waits'>): boolean {
  return !isOver(run) && run.waits.some(({ kind }) => OF_PEOPLE.has(kind));
}

/** The run when it has ended, or needs a person, or when the time is over. Goes on over broken connections. */
export async function waitForRun(api: Api, runId: string, options: WaitOptions = {}): Promise<Run> {
  const { for: what = 'end', signal = null } = options;
  const timeoutMs = optionFrom('timeoutMs', options.timeoutMs ?? Infinity, 0);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const askedAt = Date.now();
    const left = Math.max(0, Math.min(HELD, Math.ceil((deadline - askedAt) / 1_000)));
    let held = left;
    const run = await withRetry(() => {
      const params = { path: { runId }, query: { wait: `${held}s`, for: what } };
      // A server that is back says so at once, and is asked to hold the next request.
      held = 0;
      return bodyOf(api.GET('/api/runs/{runId}', { params, signal }));
    }, options);
    options.onConnected?.();
    if (isOver(run) || (what === 'attention' && needsPerson(run)) || Date.now() >= deadline) return run;
    await pause(PAUSE_MS - (Date.now() - askedAt), signal ?? undefined);
  }
}
