import type { RunDisplay } from './run-display';
import type { Terminal } from './terminal';

/**
 * Asks the person at a terminal whether to cancel a run; the tree is not drawn over the question, and lines stand above it. `over`: following
 * has ended, and the question with it. Without a terminal nobody can be asked.
 */
export async function isCancelMeant(
  runId: string,
  terminal: Terminal,
  display: RunDisplay,
  over: AbortSignal,
): Promise<boolean> {
  if (!terminal.isInteractive) return true;
  const release = display.hold?.();
  try {
    const answer = await terminal.ask(`Cancel ${runId}? Its steps are stopped and cleanup steps run. [y/N] `, over);
    if (over.aborted) return false;
    const isMeant = /^y(es)?$/i.test(answer?.trim() ?? '');
    if (!isMeant) terminal.say('not cancelled; the run is still followed');
    return isMeant;
  } finally {
    release?.();
  }
}
