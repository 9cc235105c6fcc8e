import { setTimeout as delay } from 'node:timers/promises';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import { isRefusal } from './failure';

/** How often a cancellation is requested. A run that is already being cancelled stays so: requesting it again is safe. */
const ATTEMPTS = 3;

/** What a request for a cancellation is about. */
interface Cancelling {
  readonly runId: string;
  readonly terminal: Pick<Terminal, 'say'>;
  /** Milliseconds between two requests. */
  readonly pauseMs?: number;
}

/**
 * Requests the cancellation of a run, again where the answer was lost, and says what is known. Only an answer that refuses it says that the run
 * is not cancelled. Never rejects.
 */
export async function requestCancel(
  cancel: () => Promise<unknown>,
  { runId, terminal, pauseMs = 1_000 }: Cancelling,
): Promise<void> {
  terminal.say('cancelling the run …');
  for (let attempt = 1; ; attempt++) {
    try {
      await cancel();
      if (attempt > 1) terminal.say('the server has received the cancellation');
      return;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (isRefusal(error) && error.status < 500 && !error.retryable)
        return terminal.say(safeLine(`not cancelled: ${said}`));
      const isLast = attempt >= ATTEMPTS;
      const unknown = `it is unknown whether the run is cancelled: ${said}`;
      terminal.say(safeLine(isLast ? unknown : `${unknown}; asking again …`));
      if (isLast) return terminal.say(`help: See its status with: taskrunner show ${runId}`);
    }
    await delay(pauseMs);
  }
}
