import type { Run } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';

/** The current state of a run. */
export function getRun(api: Api, runId: string, signal: AbortSignal | undefined): Promise<Run> {
  return bodyOf(api.GET('/api/runs/{runId}', { params: { path: { runId } }, signal: signal ?? null }));
}
