import { isCodedError, type Outcome } from '@taskrunner/core';

/** Refusals after which another attempt may go better: the worker's fault, not the step's. */
const WORTH_ANOTHER = new Set([
  'START_FAILED',
  'SUPERVISOR_LOST',
  'SUPERVISOR_EXPIRED',
  'SANDBOX_UNAVAILABLE',
  'COLLECTOR_FAILED',
]);

/** The outcome of a failed attempt. */
export function failed(code: string, message: string, retryable: boolean, exitCode: number | null = null): Outcome {
  return { kind: 'failed', code, message, retryable, exitCode };
}

/** The outcome of an attempt that ended with this refusal; anything else is thrown on. */
export function refused(error: unknown, exitCode: number | null = null): Outcome {
  if (!isCodedError(error)) throw error;
  return failed(error.code, error.message, WORTH_ANOTHER.has(error.code), exitCode);
}
