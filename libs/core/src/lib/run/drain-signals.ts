import { assertNever } from '../foundation/assert-never';
import type { StepId } from '../foundation/ids';
import { ROOT } from '../plan/place';
import { parentOf } from '../plan/plan-index';
import type { StepState, StopCause } from '../step/step-state';
import { isCleanup } from './admission';
import { begin } from './begin';
import { childEnded, enqueue, releaseSlot, stopContainer, stopPending } from './container';
import type { Transition } from './transition';
import { closeGate, stopDeciding } from './gate-step';
import { stopLeaf } from './leaf';

/** Processes the signals of a turn, first in, first out. */
export function drainSignals(transition: Transition): void {
  for (let signal = transition.next(); signal; signal = transition.next()) {
    const { step } = signal;
    switch (signal.type) {
      case 'begin':
        begin(transition, step);
        break;
      case 'stop':
        stop(transition, step, signal.cause, signal.from);
        break;
      case 'ended':
        if (step !== ROOT) childEnded(transition, parentOf(transition.index, step), step, signal.wasBusy);
        break;
      case 'idle':
        releaseSlot(transition, parentOf(transition.index, step));
        break;
      case 'ready':
        enqueue(transition, parentOf(transition.index, step), step);
        break;
      default:
        assertNever(signal);
    }
  }
}

function stop(transition: Transition, step: StepId, cause: StopCause, from: StepId): void {
  const state = transition.get(step);
  if (!state || state.kind === 'ended') return;
  // In machine 1, nothing stopped what is inside of cleanup but the end of its time: neither the timeout of its list nor a failed sibling.
  if (isCleanup(transition, step, transition.index.machine > 1 ? from : ROOT)) return;
  stopState(transition, step, state, cause, from);
}

function stopState(
  transition: Transition,
  step: StepId,
  state: Exclude<StepState, { kind: 'ended' }>,
  cause: StopCause,
  from: StepId,
): void {
  switch (state.kind) {
    case 'pending':
      return stopPending(transition, step, state.waitsFor, cause);
    case 'deciding':
    case 'judging':
      return stopDeciding(transition, step, state, cause);
    case 'running':
    case 'delaying':
    case 'retrying':
    case 'attention':
      return stopLeaf(transition, step, state, cause);
    case 'waiting':
      return closeGate(transition, step);
    case 'group':
    case 'repeat':
      return stopContainer(transition, step, state, cause, from);
    default:
      return assertNever(state);
  }
}
