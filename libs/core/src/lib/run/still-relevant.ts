import { repeatOf } from '../plan/place';
import type { Command } from './command';
import { isMessageQuestion } from './run-end';
import type { RunState } from './run-state';

/**
 * True if a command is still relevant. Since the command was made, its step may have been told to stop, been left to the next owner, or
 * ended.
 */
export function isStillRelevant({ steps, closing }: RunState, command: Command): boolean {
  const { step } = command;
  const state = steps.get(step);
  switch (command.type) {
    case 'start':
      if (state?.kind !== 'running' || state.execution !== command.execution) return false;
      return state.stopping === null && !state.unbegun;
    case 'answer': {
      if (isMessageQuestion(command.question)) return closing === command.question;
      if (command.question !== 'until') return state?.kind === 'deciding' && state.question === command.question;
      const loop = steps.get(repeatOf(step));
      const between = loop?.kind === 'repeat' ? loop.loop?.between : null;
      return between?.kind === 'judging' && between.item === step;
    }
    case 'judge':
      return state?.kind === 'judging';
    case 'stop':
      return true;
  }
}
