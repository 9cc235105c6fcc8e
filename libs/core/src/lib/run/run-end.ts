import { digestOf } from '../canonical/digest';
import { sameJson } from '../canonical/same-json';
import { isJsonObject, type Json } from '../foundation/json';
import { PersistentMap } from '../foundation/persistent-map';
import type { RunEnd } from '../foundation/statuses';
import { ROOT } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';
import type { Answer, MessageQuestion, Question } from '../step/question';
import type { SaidMessage } from './run-event';
import type { RunState } from './run-state';
import { askForMessage } from './takeover';
import type { Transition } from './transition';

// The end of a run and its message, which is asked for when all steps have ended.

/**
 * The message to ask for at an end; null if there is none. A cancelled run has none: `failure.message` is about a failure, and a person
 * states why they cancel.
 */
export function messageAt({ plan, defaults }: PlanIndex, end: RunEnd): MessageQuestion | null {
  if (defaults.messageCharacters === undefined || end === 'cancelled') return null;
  const { success, failure } = plan.messages;
  if (end === 'succeeded') return success === null ? null : 'successMessage';
  return failure === null ? null : 'failureMessage';
}

export function isMessageQuestion(question: Question): question is MessageQuestion {
  return question === 'successMessage' || question === 'failureMessage';
}

/** The message in an answer; null if the answer is to another question. */
export function saidIn(answer: Answer): SaidMessage | null {
  if (answer.kind === 'message') return { message: answer.message };
  return answer.kind === 'fault' ? { messageError: { code: answer.code, message: answer.message } } : null;
}

/** The message of a run by value, as its row holds it. */
export type RunMessage =
  | { readonly text: string }
  | { readonly error: { readonly code: string; readonly message: string } };

/** True if a row holds what the journal states; null is no message. */
export function isMessageOf(row: Json, { message, messageError }: SaidMessage): boolean {
  if (messageError !== undefined) return sameJson(row, { error: { ...messageError } });
  if (message === undefined) return row === null;
  return (
    isJsonObject(row) &&
    sameJson(row, { text: row['text'] ?? null }) &&
    digestOf(row['text'] ?? null) === message.digest
  );
}

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
