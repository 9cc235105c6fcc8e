import type { Run } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';
import { pause } from '../retry/pause';
import { withRetry, type RetryOptions } from '../retry/retry';

/** How long the server holds one request. */
const HELD = '30s';
/** Between two requests, also if the server answers at once. */
const PAUSE_MS = 250;
const OVER: ReadonlySet<Run['status']> = new Set(['succeeded', 'failed', 'cancelled', 'halted']);
const OF_PEOPLE: ReadonlySet<string> = new Set(['approval', 'policy', 'attention', 'restore']);

/** What to wait for. Without `giveUpAfterMs` and `signal` it is waited for as long as it takes. */
export interface WaitOptions extends RetryOptions {
  /** `end` (default): the run has ended or was halted. `attention`: also if it needs a person. */
  readonly for?: 'end' | 'attention';
}

/** True if a run executes nothing more: it has ended, or it was halted because its records were altered. */
export function isOver(run: Pick<Run, 'status'>): boolean {
  return OVER.has(run.status);
}

/** True if a run goes on only if a person acts: decides at a gate, resolves a step, resumes it after a restore. */
export function needsPerson(run: Pick<Run, 'status' | 'waits'>): boolean {
  return !isOver(run) && run.waits.some(({ kind }) => OF_PEOPLE.has(kind));
}

/** The run when it has ended, or needs a person. Goes on over broken connections. */
export async function waitForRun(api: Api, runId: string, options: WaitOptions = {}): Promise<Run> {
  const { for: what = 'end', signal = null } = options;
  const params = { path: { runId }, query: { wait: HELD, for: what } };
  for (;;) {
    const run = await withRetry(() => bodyOf(api.GET('/api/runs/{runId}', { params, signal })), options);
    if (isOver(run) || (what === 'attention' && needsPerson(run))) return run;
    await pause(PAUSE_MS, signal ?? undefined);
  }
}
