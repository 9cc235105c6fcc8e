import type { RunDisplay } from './run-display';
import type { Terminal } from './terminal';

/** Asks the person at a terminal whether to cancel a run; nothing is drawn over the question. Without a terminal nobody can be asked. */
export async function isCancelMeant(runId: string, terminal: Terminal, display: RunDisplay): Promise<boolean> {
  if (!terminal.isInteractive) return true;
  const release = display.hold?.();
  try {
    const answer = await terminal.ask(`Cancel ${runId}? Its steps are stopped and cleanup steps run. [y/N] `);
    const isMeant = /^y(es)?$/i.test(answer?.trim() ?? '');
    if (!isMeant) terminal.say('not cancelled; the run is still followed');
    return isMeant;
  } finally {
    release?.();
  }
}
