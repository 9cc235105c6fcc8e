import type { StepId } from '../foundation/ids';
import { repeatOf } from '../plan/place';
import { nodeAt } from '../plan/plan-index';
import type { LoopNode } from '../plan/plan';
import type { Answer } from '../step/question';
import type { Containing, Ended, Looping } from '../step/step-state';
import type { Transition } from './transition';

// A loop runs one iteration at a time. Between two iterations it evaluates `until` and then waits for its delay, holding no slot. The
// container decides how the loop continues, from the state that is set here.

type Repeat = Extract<Containing, { kind: 'repeat' }>;

/** How a loop begins. */
export const FIRST_ITERATION: Looping = { between: null, met: false, last: null };

/** An iteration has ended and is counted. True if its item must be kept because `until` is evaluated for it. */
export function iterationEnded(
  transition: Transition,
  state: Repeat,
  item: StepId,
  ended: Ended,
  failed: boolean,
): boolean {
  const loop = repeatOf(item);
  const node = loopNode(transition, loop);
  const { loop: before } = state;
  if (before === null) return false;
  const now: Repeat = { ...state, loop: { ...before, last: ended.outputs } };
  if (failed && !node.continueOnError) transition.set(loop, { ...now, stopping: now.stopping ?? 'sibling-failed' });
  else if (now.stopping !== null) transition.set(loop, now);
  else if (node.until !== null) {
    transition.set(loop, { ...now, loop: { ...before, last: ended.outputs, between: { kind: 'judging', item } } });
    transition.ask({ type: 'answer', step: item, question: 'until', ahead: true });
    return true;
  } else pause(transition, loop, now, node);
  return false;
}

/** The loop whose iteration waits for this answer; null if none does any more. */
export function judgedLoop(transition: Transition, item: StepId): Repeat | null {
  const state = transition.get(repeatOf(item));
  if (state?.kind !== 'repeat' || state.loop?.between?.kind !== 'judging') return null;
  return state.loop.between.item === item ? state : null;
}

/** `until` was answered: the loop ends, or pauses before its next iteration. A fault of `until` is the loop's own fault. */
export function untilAnswered(transition: Transition, item: StepId, state: Repeat, answer: Answer): void {
  const loop = repeatOf(item);
  const looping: Looping = { ...(state.loop ?? FIRST_ITERATION), between: null };
  transition.drop(item);
  if (answer.kind === 'truth' && answer.value) transition.set(loop, { ...state, loop: { ...looping, met: true } });
  else if (answer.kind === 'truth') pause(transition, loop, { ...state, loop: looping }, loopNode(transition, loop));
  else {
    const { code, message } = answer.kind === 'fault' ? answer : WRONG_ANSWER;
    transition.set(loop, {
      ...state,
      loop: { ...looping, message },
      failures: state.failures + 1,
      failedCode: code,
      stopping: 'sibling-failed',
    });
  }
}

const WRONG_ANSWER = { code: 'EXPR_TYPE', message: '`until` must be true or false' };

/** Waits for the delay, if there is one and another iteration may follow. */
function pause(transition: Transition, loop: StepId, state: Repeat, { delayMs }: LoopNode): void {
  const { loop: looping } = state;
  if (delayMs === 0 || state.next >= state.count || looping === null) return transition.set(loop, state);
  const until = transition.at + delayMs;
  transition.set(loop, { ...state, loop: { ...looping, between: { kind: 'delaying', until } } });
  transition.emit({ type: 'step.waiting', step: loop, until });
}

/** The time that it waited for has come. */
export function wakeLoop(transition: Transition, loop: StepId, state: Repeat): void {
  const { loop: looping } = state;
  if (looping?.between?.kind !== 'delaying' || looping.between.until > transition.at) return;
  transition.set(loop, { ...state, loop: { ...looping, between: null } });
}

/** The loop is told to stop: neither its question nor its wait is needed any more. */
export function stopBetween(transition: Transition, state: Repeat): Repeat {
  const { loop } = state;
  if (loop === null || loop.between === null) return state;
  if (loop.between.kind === 'judging') transition.drop(loop.between.item);
  return { ...state, loop: { ...loop, between: null } };
}

function loopNode(transition: Transition, loop: StepId): LoopNode {
  const { node } = nodeAt(transition.index, loop);
  if (node.kind !== 'loop') throw new TypeError('not a loop');
  return node;
}
