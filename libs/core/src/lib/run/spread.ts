import { assertNever } from '../foundation/assert-never';
import type { StepId } from '../foundation/ids';
import { ROOT } from '../plan/place';
import { parentOf } from '../plan/plan-index';
import type { StepState, StopCause } from '../step/step-state';
import { isCleanup } from './admission';
import { begin } from './begin';
import { childEnded, enqueue, releaseSlot, stopContainer, stopPending } from './container';
import type { Draft } from './draft';
import { closeGate, stopDeciding } from './gate-step';
import { stopLeaf } from './leaf';

/** Works off the signals of a turn, first in, first out. */
export function spread(draft: Draft): void {
  for (let signal = draft.next(); signal; signal = draft.next()) {
    const { step } = signal;
    switch (signal.type) {
      case 'begin':
        begin(draft, step);
        break;
      case 'stop':
        stop(draft, step, signal.cause);
        break;
      case 'ended':
        if (step !== ROOT) childEnded(draft, parentOf(draft.x, step), step, signal.wasBusy);
        break;
      case 'idle':
        releaseSlot(draft, parentOf(draft.x, step));
        break;
      case 'ready':
        enqueue(draft, parentOf(draft.x, step), step);
        break;
      default:
        assertNever(signal);
    }
  }
}

function stop(draft: Draft, step: StepId, cause: StopCause): void {
  const state = draft.get(step);
  if (!state || state.kind === 'ended') return;
  if (step !== ROOT && isCleanup(draft, step)) return;
  stopState(draft, step, state, cause);
}

function stopState(draft: Draft, step: StepId, state: Exclude<StepState, { kind: 'ended' }>, cause: StopCause): void {
  switch (state.kind) {
    case 'pending':
      return stopPending(draft, step, cause);
    case 'deciding':
    case 'judging':
      return stopDeciding(draft, step, state, cause);
    case 'running':
    case 'delaying':
    case 'retrying':
    case 'attention':
      return stopLeaf(draft, step, state, cause);
    case 'waiting':
      return closeGate(draft, step);
    case 'group':
    case 'repeat':
      return stopContainer(draft, step, state, cause);
    default:
      return assertNever(state);
  }
}
