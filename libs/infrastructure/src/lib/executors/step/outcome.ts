import type { PureOutcome } from '@taskrunner/core/binding';
import { isCodedError } from '@taskrunner/core/foundation';
import type { ExecutionRequest, Outcome } from '@taskrunner/core/ports';

/** Codes after which another attempt may succeed, because the worker or a temporary condition is the cause and not the step. */
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

/** The outcome of a pure step, as the outcome of an attempt. */
export function endedPurely(outcome: PureOutcome): Outcome {
  return outcome.kind === 'succeeded' ? outcome : { ...outcome, exitCode: null };
}

/** The cause is the worker and not the step: there is no outcome, and the run is handed over. */
const LOST = new Set(['SUPERVISOR_LOST', 'SUPERVISOR_EXPIRED', 'ENGINE_LOST']);

/** The outcome of an attempt that ended with this error; any other error is rethrown. */
export function refused(error: unknown, exitCode: number | null = null): Outcome {
  if (!isCodedError(error)) throw error;
  if (LOST.has(error.code)) return { kind: 'lost', reason: error.code, cause: error };
  const outcome = failed(error.code, error.message, WORTH_ANOTHER.has(error.code), exitCode);
  // The outcome has only its own message. Its causes go only into the worker's log.
  return error.cause === undefined ? outcome : { ...outcome, cause: error };
}

/**
 * The same for an attempt that has already acted. A `once` step must not be repeated. If the error were retryable, the outcome is therefore
 * unknown, and a person resolves it.
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
