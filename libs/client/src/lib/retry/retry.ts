import { ApiProblem } from '../problem/api-problem';
import { ClientError } from '../problem/client-error';
import { optionFrom } from '../problem/option';
import { pause } from './pause';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Limits of the repetitions of a request that may be repeated. */
export interface RetryOptions {
  /** Aborts the request and its repetitions, which reject with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Time without a response after which there are no further tries, milliseconds. 0: one try. `Infinity`: until the signal is aborted. */
  readonly giveUpAfterMs?: number;
  /** Called whenever the connection is lost, and before each further try. */
  readonly onInterrupted?: (interruption: Interruption) => void;
}

/** The same of what goes on over many requests or connections. */
export interface FollowingOptions extends RetryOptions {
  /** Called whenever the server has answered. */
  readonly onConnected?: () => void;
}

/** A pause before the next try. */
export interface Interruption {
  /** The error of the last try; null: the server requested another try, as it does before it stops. */
  readonly error: ApiProblem | ClientError | null;
  /** Time until the next try, milliseconds. */
  readonly retryInMs: number;
}

/** True if the same request may succeed later: no response, a broken connection, a server error, or a request to come back later. */
export function isTemporary(error: unknown): error is ApiProblem | ClientError {
  if (ApiProblem.is(error)) return error.retryable || error.status >= 500;
  return ClientError.is(error) && error.code === 'CLIENT_SERVER_UNREACHABLE';
}

/** The pauses between tries. Each one is twice as long as the previous one; after a response they are short again. */
export class Retry {
  private readonly giveUpAfterMs: number;
  private pauseMs = FIRST_PAUSE_MS;
  private answeredAt = Date.now();

  /** Throws `CLIENT_OPTION_INVALID`. */
  constructor(private readonly options: RetryOptions) {
    this.giveUpAfterMs = optionFrom('giveUpAfterMs', options.giveUpAfterMs ?? Infinity, 0);
  }

  /** Resets the pauses after a response. */
  answered(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    this.answeredAt = Date.now();
  }

  /**
   * Waits until the next try. Rejects with the error if it is final or has lasted too long, and with the reason of the signal. `error`
   * null: the server requested another try. `askedMs`: minimum pause, if the server states one.
   */
  async after(error: unknown, askedMs?: number): Promise<void> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    const isLast = Date.now() - this.answeredAt >= this.giveUpAfterMs;
    if (error !== null && (isLast || !isTemporary(error))) throw error as Error;
    const least = askedMs ?? (ApiProblem.is(error) ? error.retryAfterMs : null) ?? 0;
    // Clients that have lost the same server must not all come back at the same time.
    const retryInMs = Math.max(least, Math.round(this.pauseMs * (0.5 + Math.random() / 2)));
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.options.onInterrupted?.({ error, retryInMs });
    await pause(retryInMs, signal);
  }
}

/** Repeats a request until there is a response. The request must be safe to repeat. */
export async function withRetry<Value>(ask: () => Promise<Value>, options: RetryOptions): Promise<Value> {
  const retry = new Retry(options);
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      await retry.after(error);
    }
  }
}
