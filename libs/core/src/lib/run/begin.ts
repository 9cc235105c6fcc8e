import { assertNever } from '../foundation/assert-never';
import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import { nodeAt, parentOf } from '../plan/plan-index';
import type { Answer, Question } from '../step/question';
import type { StepState } from '../step/step-state';
import { admit } from './admission';
import { grant, openGroup, openPack, openRepeat, releaseSlot } from './container';
import type { Draft } from './draft';
import { beginGate, openGate } from './gate-step';
import { beginLeaf, startAttempt } from './leaf';
import { mustOpen } from './unopened-gates';

/** A step was given a slot. If it moved on meanwhile the slot goes back. */
export function begin(draft: Draft, step: StepId): void {
  const state = draft.get(step);
  switch (state?.kind) {
    case 'pending':
      return isItem(step) ? openGroup(draft, step) : beginPending(draft, step);
    case 'retrying':
      return startAttempt(draft, step, state.attempt, state.execution + 1, state.endBy);
    case 'group':
    case 'repeat':
      if (!state.granted) return grant(draft, step, state);
      return releaseSlot(draft, parentOf(draft.x, step));
    default:
      return releaseSlot(draft, parentOf(draft.x, step));
  }
}

function beginPending(draft: Draft, step: StepId): void {
  const admission = admit(draft, step);
  const known = nodeAt(draft.x, step);
  const { node } = known;
  if (admission.kind === 'skipped') {
    const { code, satisfied } = admission;
    const blocked = !satisfied && mustOpen(known);
    return draft.end(step, { status: 'skipped', code, satisfied, blocked }, { holdsSlot: true });
  }
  if (node.when !== null) return ask(draft, step, 'when');
  return enter(draft, step);
}

function ask(draft: Draft, step: StepId, question: Question): void {
  draft.set(step, { kind: 'deciding', question, busy: true, carry: null });
  draft.ask({ type: 'answer', step, question, ahead: true });
}

/** The step is wanted: do what its kind does first. */
function enter(draft: Draft, step: StepId): void {
  const { node } = nodeAt(draft.x, step);
  switch (node.kind) {
    case 'run':
      return draft.run.reuses ? ask(draft, step, 'reuse') : beginLeaf(draft, step);
    case 'group':
    case 'parallel':
      return openGroup(draft, step);
    case 'map':
    case 'loop':
      return ask(draft, step, 'items');
    case 'conditional':
      return ask(draft, step, 'branch');
    case 'pack':
      return ask(draft, step, 'inputs');
    case 'gate':
      return beginGate(draft, step);
    default:
      return assertNever(node);
  }
}

/** A value that was asked for has come. */
export function answered(
  draft: Draft,
  step: StepId,
  state: Extract<StepState, { kind: 'deciding' }>,
  answer: Answer,
): void {
  switch (answer.kind) {
    case 'fault':
      return faulted(draft, step, state, answer);
    case 'truth':
      if (answer.value) return enter(draft, step);
      return draft.end(step, { status: 'skipped', code: 'WHEN_FALSE', satisfied: true });
    case 'branch':
      if (answer.index !== null) return openGroup(draft, step, answer.index);
      return draft.end(step, { status: 'succeeded' });
    case 'items':
      return openRepeat(draft, step, answer.items, answer.count);
    case 'inputs':
      return openPack(draft, step, answer.inputs);
    case 'reuse':
      if (answer.source === null) return beginLeaf(draft, step);
      return draft.end(step, { status: 'succeeded', outputs: answer.outputs });
    case 'gate':
      return openGate(draft, step, answer);
    case 'outputs':
      return draft.end(step, { status: 'succeeded', outputs: answer.outputs, ...state.carry });
    default:
      return assertNever(answer);
  }
}

/** A value that was asked for cannot be had: no gate opened in a step that faults before its body, and nothing heals that. */
function faulted(
  draft: Draft,
  step: StepId,
  { carry }: Extract<StepState, { kind: 'deciding' }>,
  { code, message }: Extract<Answer, { kind: 'fault' }>,
): void {
  const known = step === ROOT || isItem(step) ? null : nodeAt(draft.x, step);
  const node = known?.node;
  const unopened = known !== null && (node?.kind === 'gate' || carry === null) && mustOpen(known);
  const blocked = unopened || (carry?.blocked ?? false);
  const healed = (node?.kind === 'run' || node?.kind === 'pack') && node.continueOnError && !blocked;
  const executeBy = carry?.executeBy ?? null;
  draft.end(step, { status: 'failed', code, satisfied: healed, blocked, executeBy }, { message });
}
