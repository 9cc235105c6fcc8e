import { sha256 } from '../canonical/digest';
import type { Retries } from '../plan/plan';

/** Whether a failure with this code is retried after this attempt. */
export function mayRetry(retries: Retries, attempt: number, code: string, retryable: boolean): boolean {
  return retryable && attempt < retries.maxAttempts && (retries.on === null || retries.on.includes(code));
}

/**
 * Delay in milliseconds after `attempt` (from 1) has failed: exponential, capped, with a jitter between one half and the whole. The jitter
 * is derived from `seed` (plan hash, run, step instance), so that a replay waits for the same time.
 */
export function backoffMs(retries: Retries, attempt: number, seed: string): number {
  const whole = Math.min(retries.maxBackoffMs, retries.backoffMs * retries.factor ** (attempt - 1));
  if (!retries.jitter || whole === 0) return Math.round(whole);
  const share = parseInt(sha256(`${seed}|${attempt}`).slice(7, 15), 16) / 0xffffffff;
  return Math.round(whole * (0.5 + share / 2));
}
