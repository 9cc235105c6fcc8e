import type { PureOutcome } from '@taskrunner/core/binding';
import { isCodedError } from '@taskrunner/core/foundation';
import type { ExecutionRequest, Outcome } from '@taskrunner/core/ports';

/** Refusals after which another attempt may go better: the fault of the worker or of the moment, not the step's. */
const WORTH_ANOTHER = new Set([
  'START_FAILED',
  'SANDBOX_UNAVAILABLE',
  'SEALED_UNENFORCEABLE',
  'COLLECTOR_FAILED',
  'OBJECT_STORE_UNAVAILABLE',
  'EGRESS_UNAVAILABLE',
  'EVIDENCE_NOT_SEALED',
  'EXPORT_UNAVAILABLE',
  'ENGINE_UNAVAILABLE',
  'IMAGE_MISSING',
]);

/** The outcome of a failed attempt. */
export function failed(
  code: string,
  message: string,
  retryable: boolean,
  exitCode: number | null = null,
): Extract<Outcome, { kind: 'failed' }> {
  return { kind: 'failed', code, message, retryable, exitCode };
}

/** What a pure step comes to, as the outcome of an attempt. */
export function endedPurely(outcome: PureOutcome): Outcome {
  return outcome.kind === 'succeeded' ? outcome : { ...outcome, exitCode: null };
}

/** The worker's own trouble, not the step's: there is no outcome, the run is handed over. */
const LOST = new Set(['SUPERVISOR_LOST', 'SUPERVISOR_EXPIRED', 'ENGINE_LOST']);

/** The outcome of an attempt that ended with this refusal; anything else is thrown on. */
export function refused(error: unknown, exitCode: number | null = null): Outcome {
  if (!isCodedError(error)) throw error;
  if (LOST.has(error.code)) return { kind: 'lost', reason: error.code, cause: error };
  const outcome = failed(error.code, error.message, WORTH_ANOTHER.has(error.code), exitCode);
  // Its own message is the outcome's; what is behind it only the log of the worker may say.
  return error.cause === undefined ? outcome : { ...outcome, cause: error };
}

/**
 * The same for an attempt that has acted already. Of a `once` step nobody may try again what may have been done: where another attempt
 * would be worth it, the outcome is unknown instead, and a person says what it was.
 */
export function refusedAfterActing(
  error: unknown,
  { node }: Pick<ExecutionRequest, 'node'>,
  exitCode: number | null = null,
): Outcome {
  const outcome = refused(error, exitCode);
  if (node.effects !== 'once' || outcome.kind !== 'failed' || !outcome.retryable) return outcome;
  return { kind: 'lost', reason: outcome.code, cause: error };
}
