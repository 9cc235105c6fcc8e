import { assertNever } from '../foundation/assert-never';
import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import { nodeAt, parentOf } from '../plan/plan-index';
import type { Answer, Question } from '../step/question';
import type { StepState } from '../step/step-state';
import { admit } from './admission';
import { grant, openGroup, openPack, openRepeat, releaseSlot } from './container';
import type { Transition } from './transition';
import { beginGate, openGate } from './gate-step';
import { beginLeaf, startAttempt } from './leaf';
import { mustOpen } from './unopened-gates';

/** A step was given a slot. If it has moved on meanwhile, it returns the slot. */
export function begin(transition: Transition, step: StepId): void {
  const state = transition.get(step);
  switch (state?.kind) {
    case 'pending':
      return isItem(step) ? openGroup(transition, step) : beginPending(transition, step);
    case 'retrying':
      return startAttempt(transition, step, state.attempt, state.execution + 1, state.endBy);
    case 'group':
    case 'repeat':
      if (!state.granted) return grant(transition, step, state);
      return releaseSlot(transition, parentOf(transition.index, step));
    default:
      return releaseSlot(transition, parentOf(transition.index, step));
  }
}

function beginPending(transition: Transition, step: StepId): void {
  const admission = admit(transition, step);
  const known = nodeAt(transition.index, step);
  const { node } = known;
  if (admission.kind === 'skipped') {
    const { code, satisfied } = admission;
    const blocked = !satisfied && mustOpen(known);
    return transition.end(step, { status: 'skipped', code, satisfied, blocked }, { holdsSlot: true });
  }
  if (node.when !== null) return ask(transition, step, 'when');
  return enter(transition, step);
}

function ask(transition: Transition, step: StepId, question: Question): void {
  transition.set(step, { kind: 'deciding', question, busy: true, carry: null });
  transition.ask({ type: 'answer', step, question, ahead: true });
}

/** The step runs: start what its kind requires first. */
function enter(transition: Transition, step: StepId): void {
  const { node } = nodeAt(transition.index, step);
  switch (node.kind) {
    case 'run':
      return transition.run.reuses ? ask(transition, step, 'reuse') : beginLeaf(transition, step);
    case 'group':
    case 'parallel':
      return openGroup(transition, step);
    case 'map':
    case 'loop':
      return ask(transition, step, 'items');
    case 'conditional':
      return ask(transition, step, 'branch');
    case 'pack':
      return ask(transition, step, 'inputs');
    case 'gate':
      return beginGate(transition, step);
    default:
      return assertNever(node);
  }
}

/** A requested value has arrived. */
export function answered(
  transition: Transition,
  step: StepId,
  state: Extract<StepState, { kind: 'deciding' }>,
  answer: Exclude<Answer, { kind: 'message' }>,
): void {
  switch (answer.kind) {
    case 'fault':
      return faulted(transition, step, state, answer);
    case 'truth':
      if (answer.value) return enter(transition, step);
      return transition.end(step, { status: 'skipped', code: 'WHEN_FALSE', satisfied: true });
    case 'branch':
      if (answer.index !== null) return openGroup(transition, step, answer.index);
      return transition.end(step, { status: 'succeeded' });
    case 'items':
      return openRepeat(transition, step, answer.items, answer.count);
    case 'inputs':
      return openPack(transition, step, answer.inputs);
    case 'reuse':
      if (answer.source === null) return beginLeaf(transition, step);
      return transition.end(step, { status: 'succeeded', outputs: answer.outputs });
    case 'gate':
      return openGate(transition, step, answer);
    case 'outputs':
      return transition.end(step, { status: 'succeeded', outputs: answer.outputs, ...state.carry });
    default:
      return assertNever(answer);
  }
}

/** A requested value is not available. No gate opened in a step that faults before its body, and nothing makes up for that. */
function faulted(
  transition: Transition,
  step: StepId,
  { carry }: Extract<StepState, { kind: 'deciding' }>,
  { code, message }: Extract<Answer, { kind: 'fault' }>,
): void {
  const known = step === ROOT || isItem(step) ? null : nodeAt(transition.index, step);
  const node = known?.node;
  const unopened = known !== null && (node?.kind === 'gate' || carry === null) && mustOpen(known);
  const blocked = unopened || (carry?.blocked ?? false);
  const healed = (node?.kind === 'run' || node?.kind === 'pack') && node.continueOnError && !blocked;
  const executeBy = carry?.executeBy ?? null;
  transition.end(step, { status: 'failed', code, satisfied: healed, blocked, executeBy }, { message });
}
