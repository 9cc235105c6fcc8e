import { repeatOf } from '../plan/place';
import type { Command } from './command';
import type { RunState } from './run-state';

/** True if what a command asks for still is to be done: since it was asked, its step may have been told to stop, or be over. */
export function isWanted({ steps }: RunState, command: Command): boolean {
  const { step } = command;
  const state = steps.get(step);
  switch (command.type) {
    case 'start':
      return state?.kind === 'running' && state.execution === command.execution && state.stopping === null;
    case 'answer': {
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
