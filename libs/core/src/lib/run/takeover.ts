import { nodeAt, runNodeAt } from '../plan/plan-index';
import type { Draft } from './draft';
import { askJudge } from './gate-step';
import { leafStopped, startAttempt } from './leaf';

/**
 * A new owner drives the run: whatever the old one had under way is over (its supervisor has seen to that). `pure` and
 * `idempotent` attempts start again under their key, `once` ones ask for attention, a stop under way counts as done,
 * questions are asked again. By key, so that the order never depends on how the map was built.
 */
export function takeOver(draft: Draft): void {
  for (const [step, state] of draft.run.steps.entries()) {
    switch (state.kind) {
      case 'running':
        if (state.stopping !== null) leafStopped(draft, step, state, runNodeAt(draft.x, step).effects === 'once');
        else if (runNodeAt(draft.x, step).effects === 'once') {
          const { attempt, execution, endBy } = state;
          draft.set(step, { kind: 'attention', attempt, execution, endBy });
          draft.emit({ type: 'step.attention', step, attempt, execution });
          draft.send({ type: 'idle', step });
        } else startAttempt(draft, step, state.attempt, state.execution + 1, state.endBy);
        break;
      case 'deciding':
        draft.ask({ type: 'answer', step, question: state.question, ahead: true });
        break;
      case 'judging':
        if (nodeAt(draft.x, step).node.kind === 'gate') askJudge(draft, step, state.policy);
        break;
      case 'repeat':
        if (state.loop?.between?.kind === 'judging')
          draft.ask({ type: 'answer', step: state.loop.between.item, question: 'until', ahead: true });
        break;
      default:
        break;
    }
  }
}
