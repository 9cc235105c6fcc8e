import type { StepId } from '../foundation/ids';
import { nodeAt } from '../plan/plan-index';
import type { StepState } from '../step/step-state';
import type { Transition } from './transition';
import { askJudge } from './gate-step';
import { takeOverLeaf } from './leaf';

/**
 * A new owner drives the run: whatever the old one had under way is over (its supervisor has seen to that). `pure` and
 * `idempotent` attempts start again under their key, as does what never began; `once` ones ask for attention; stops and
 * questions are asked again: that there is nothing to stop is an outcome like others, before which the new owner reads what
 * people have decided meanwhile. What was dispatched stays with its assignment, which outlives drivers. By key, so that the order
 * never depends on how the map was built.
 */
export function takeOver(transition: Transition): void {
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

/** Perhaps the old owner could not tell it to stop any more. */
function stopAgain(
  transition: Transition,
  step: StepId,
  { stopping, execution }: Extract<StepState, { kind: 'running' }>,
): void {
  if (stopping !== null) transition.ask({ type: 'stop', step, execution, reason: stopping, ahead: false });
}
