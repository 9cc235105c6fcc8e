import type { RerunBody, Run, SubmitRunBody } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';
import { withRetry, type RetryOptions } from '../retry/retry';
import { ANSWER_MS } from './answer-time';

/** Options of requests that create a run. The default of `giveUpAfterMs` is 60 000. */
export interface SubmitOptions extends RetryOptions {
  /**
   * A key that is unique for each intended run. Requests with the same key create one run, also if this program restarts between them.
   * Default: a random key, with which the request is repeated if its response is lost.
   */
  readonly idempotencyKey?: string;
}

/** Submits a run. */
export function submitRun(api: Api, body: SubmitRunBody, options: SubmitOptions = {}): Promise<Run> {
  const params = { header: keyOf(options) };
  const { signal = null } = options;
  return withRetry(() => bodyOf(api.POST('/api/runs', { params, body, signal })), {
    giveUpAfterMs: ANSWER_MS,
    ...options,
  });
}

/** Reruns an ended run from its failed steps, its start, or a step. */
export function rerunRun(api: Api, runId: string, body: RerunBody, options: SubmitOptions = {}): Promise<Run> {
  const params = { path: { runId }, header: keyOf(options) };
  const { signal = null } = options;
  return withRetry(() => bodyOf(api.POST('/api/runs/{runId}/rerun', { params, body, signal })), {
    giveUpAfterMs: ANSWER_MS,
    ...options,
  });
}

function keyOf({ idempotencyKey }: SubmitOptions): { readonly 'Idempotency-Key': string } {
  return { 'Idempotency-Key': idempotencyKey ?? randomKey() };
}

/** `crypto.randomUUID` is missing in pages that are not served over HTTPS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
