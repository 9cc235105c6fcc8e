import { digestOf } from '../canonical/digest';
import { sameJson } from '../canonical/same-json';
import { isJsonObject, type Json } from '../foundation/json';
import type { RunEnd } from '../foundation/statuses';
import type { PlanIndex } from '../plan/plan-index';
import type { Answer, MessageQuestion, Question } from '../step/question';
import type { TextRef } from '../step/value-ref';

/**
 * The message of a run in the entry that ends it: a text, or why there is none. Both are absent if the pack has no message for this end, or
 * if the run was admitted by a release that evaluated none.
 */
export interface SaidMessage {
  readonly message?: TextRef;
  /** The fault of its expressions. It does not change how the run ends. */
  readonly messageError?: { readonly code: string; readonly message: string };
}

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
