import type { StepId } from '../foundation/ids';
import { nodeAt } from '../plan/plan-index';
import { ROOT } from '../plan/place';
import type { MessageQuestion } from '../step/question';
import type { StepState } from '../step/step-state';
import type { Transition } from './transition';
import { askJudge } from './gate-step';
import { takeOverLeaf } from './leaf';

/**
 * A new owner drives the run. All executions of the old owner have ended, which its supervisor ensures. `pure` and `idempotent` attempts
 * start again under their key, as do executions that never began. `once` attempts need attention. Stops and questions are requested again:
 * the result that there is nothing to stop is an outcome like others, and the new owner reads decisions of people before it. Dispatched
 * executions stay with their assignment, which outlives drivers. Steps are visited by key, so that the order never depends on how the map
 * was built.
 */
export function takeOver(transition: Transition): void {
  const { closing } = transition.run;
  if (closing !== null) askForMessage(transition, closing);
  for (const [step, state] of transition.steps.entries()) {
    switch (state.kind) {
      case 'running':
        if (state.assignment !== null || state.stopping !== null) stopAgain(transition, step, state);
        else takeOverLeaf(transition, step, state);
        break;
      case 'deciding':
        transition.ask({ type: 'answer', step, question: state.question, ahead: true });
        break;
      case 'judging':
        if (nodeAt(transition.index, step).node.kind === 'gate') askJudge(transition, step, state.policy);
        break;
      case 'repeat':
        if (state.loop?.between?.kind === 'judging')
          transition.ask({ type: 'answer', step: state.loop.between.item, question: 'until', ahead: true });
        break;
      default:
        break;
    }
  }
}

/** Requests the message of the run, the last of its questions. */
export function askForMessage(transition: Transition, question: MessageQuestion): void {
  transition.ask({ type: 'answer', step: ROOT, question, ahead: true });
}

/** The old owner may not have been able to tell it to stop. */
function stopAgain(
  transition: Transition,
  step: StepId,
  { stopping, execution }: Extract<StepState, { kind: 'running' }>,
): void {
  if (stopping !== null) transition.ask({ type: 'stop', step, execution, reason: stopping, ahead: false });
}
