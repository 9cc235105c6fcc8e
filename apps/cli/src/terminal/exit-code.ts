import { isJsonObject, type Json } from '@taskrunner/core/foundation';

/** Exit codes. Scripts rely on them. */
export const EXIT = {
  OK: 0,
  FAILED: 1,
  INVALID_INPUT: 2,
  DENIED: 3,
  NOT_FOUND: 4,
  SEALED: 5,
  /** A gate was rejected or expired. */
  GATE: 6,
  CANCELLED: 7,
  WAITS_FOR_PERSON: 8,
  NOT_VERIFIED: 9,
  RETRYABLE: 10,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Exit code for an error of the server. */
export function exitOfProblem(problem: {
  readonly status: number;
  readonly code: string;
  readonly retryable: boolean;
}): ExitCode {
  const { status, code, retryable } = problem;
  if (code.startsWith('SEALED_')) return EXIT.SEALED;
  if (code === 'GATE_EXPIRED') return EXIT.GATE;
  if (code === 'PLAN_HASH_MISMATCH') return EXIT.INVALID_INPUT;
  if (retryable || status === 429 || status === 502 || status === 503 || status === 504) return EXIT.RETRYABLE;
  if (status === 401 || status === 403) return EXIT.DENIED;
  if (status === 404) return EXIT.NOT_FOUND;
  if ([400, 413, 415, 422].includes(status)) return EXIT.INVALID_INPUT;
  return EXIT.FAILED;
}

/** Exit code of the command that followed a run, by the end of the run. `error` is that of the run: `{code, …}` or null. */
export function exitOfRun(status: string, error: Json): ExitCode {
  if (status === 'succeeded') return EXIT.OK;
  if (status === 'cancelled') return EXIT.CANCELLED;
  const code = isJsonObject(error) && typeof error['code'] === 'string' ? error['code'] : '';
  if (code === 'GATE_REJECTED' || code === 'GATE_EXPIRED') return EXIT.GATE;
  if (code === 'POLICY_DENIED' || code === 'POLICY_UNDECIDED') return EXIT.DENIED;
  if (code.startsWith('SEALED_')) return EXIT.SEALED;
  return EXIT.FAILED;
}
