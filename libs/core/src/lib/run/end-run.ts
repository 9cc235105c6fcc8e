import { PersistentMap } from '../foundation/persistent-map';
import { ROOT } from '../plan/place';
import { messageAt, type SaidMessage } from './run-message';
import type { RunState } from './run-state';
import { askForMessage } from './takeover';
import type { Transition } from './transition';

type Result = NonNullable<RunState['result']>;

/** All steps have ended: the run requests its message, or ends. What ends the run meanwhile may request another message. */
export function finish(transition: Transition): void {
  const { closing } = transition.run;
  const result = resultOf(transition);
  if (result === null) return;
  const question = messageAt(transition.index, result.status);
  if (question === null) return endRun(transition);
  if (question === closing) return;
  transition.patch({ closing: question });
  askForMessage(transition, question);
}

/** Ends the run, if its steps have ended. */
export function endRun(transition: Transition, said: SaidMessage = {}): void {
  const result = resultOf(transition);
  if (result === null) return;
  const ended = { ...result, ...said };
  transition.patch({
    phase: 'ended',
    closing: null,
    result: ended,
    steps: PersistentMap.empty(),
    wakes: PersistentMap.empty(),
  });
  transition.emit({ type: 'run.ended', ...ended });
}

/** How the run ends, without its message; null if its steps have not ended, or the run has. */
export function resultOf(transition: Transition): Omit<Result, keyof SaidMessage> | null {
  const root = transition.get(ROOT);
  if (root?.kind !== 'ended') return null;
  const { ending } = transition.run;
  return ending
    ? { status: ending.status, code: ending.code, step: ending.step, outputs: null }
    : {
        status: root.status === 'skipped' ? ('failed' as const) : root.status,
        code: root.code,
        step: root.by,
        outputs: root.outputs,
      };
}
