import { ApiProblem } from '../problem/api-problem';
import { ClientError } from '../problem/client-error';
import { optionFrom } from '../problem/option';
import { pause } from './pause';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** How long a request is repeated that may be repeated. */
export interface RetryOptions {
  /** Ends the request and its repetitions: they reject with its reason. */
  readonly signal?: AbortSignal;
  /** Time without an answer after which there are no further tries, milliseconds. 0: one try. `Infinity`: until the signal. */
  readonly giveUpAfterMs?: number;
}

/** A pause before the next try. */
export interface Interruption {
  /** Why the last try failed; null: the server has asked for another try, as it does before it stops. */
  readonly error: ApiProblem | ClientError | null;
  /** Time until the next try, milliseconds. */
  readonly retryInMs: number;
}

/** True for what passes by itself: no answer, a broken connection, a server that has a fault or asks to come back later. */
function isTemporary(error: unknown): error is ApiProblem | ClientError {
  if (ApiProblem.is(error)) return error.retryable || error.status >= 500;
  return ClientError.is(error) && error.code === 'CLIENT_SERVER_UNREACHABLE';
}

/** The pauses between tries. Each is twice as long as the one before; after an answer they are short again. */
export class Retry {
  private readonly giveUpAfterMs: number;
  private pauseMs = FIRST_PAUSE_MS;
  private answeredAt = Date.now();

  /** Throws `CLIENT_OPTION_INVALID`. */
  constructor(
    private readonly options: RetryOptions,
    private readonly onPause: (interruption: Interruption) => void = () => undefined,
  ) {
    this.giveUpAfterMs = optionFrom('giveUpAfterMs', options.giveUpAfterMs ?? Infinity, 0);
  }

  /** The server has answered. */
  answered(): void {
    this.pauseMs = FIRST_PAUSE_MS;
    this.answeredAt = Date.now();
  }

  /**
   * Waits until the next try. Rejects with an error that is final, or that has lasted for too long, and with the reason of the signal.
   * `error` null: the server has asked for another try. `askedMs`: shortest pause, if the server says one.
   */
  async after(error: unknown, askedMs?: number): Promise<void> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    const isLast = Date.now() - this.answeredAt >= this.giveUpAfterMs;
    if (error !== null && (isLast || !isTemporary(error))) throw error as Error;
    const least = askedMs ?? (ApiProblem.is(error) ? error.retryAfterMs : null) ?? 0;
    // Clients that have lost one server do not come back at the same time.
    const retryInMs = Math.max(least, Math.round(this.pauseMs * (0.5 + Math.random() / 2)));
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.onPause({ error, retryInMs });
    await pause(retryInMs, signal);
  }
}

/** Asks until there is an answer. The request must be one that may be repeated. */
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
