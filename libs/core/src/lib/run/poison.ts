import type { StepId } from '../foundation/ids';
import type { InputEventBody } from './run-event';
import type { RunState } from './run-state';

/** A claim with this number of deaths is of a run that killed its own isolated process. */
const DEATHS_TO_POISON = 3;

/**
 * The end of a run that killed its isolated process (`POISON`), with the step that was being executed; null for any other run. It is a
 * separate input event, because decisions of people that count come between the claim and this.
 */
export function poisoning(crashes: number, state: RunState): Extract<InputEventBody, { type: 'run.failed' }> | null {
  if (crashes < DEATHS_TO_POISON) return null;
  const message = 'the process that drove this run alone died of it';
  return { type: 'run.failed', code: 'POISON', step: theOneUnderWay(state), message };
}

/** The step that was being executed; null if there were several or none, so that the cause is unknown. */
function theOneUnderWay({ steps }: RunState): StepId | null {
  let found: StepId | null = null;
  for (const [step, state] of steps.entries()) {
    if (state.kind !== 'running' || state.assignment !== null || state.unbegun) continue;
    if (found !== null) return null;
    found = step;
  }
  return found;
}
