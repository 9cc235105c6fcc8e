/** Conditions for another attempt. `on` null means any retryable code. */
export interface Retries {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly factor: number;
  readonly maxBackoffMs: number;
  readonly jitter: boolean;
  readonly on: readonly string[] | null;
  readonly attemptTimeoutMs: number | null;
}

/** Defaults of every `run` step that does not state its own. */
export interface FailureRetries extends Retries {
  readonly continueOnError: boolean;
}
