import type { StepId } from '../foundation/ids';
import type { InputEventBody } from './run-event';
import type { RunState } from './run-state';

/** A claim that counts so many deaths is of a run whose own process died of it. */
const DEATHS_TO_POISON = 3;

/**
 * How a run ends of which the process died that drove it alone (`POISON`), with the step named that it was executing; null for any other.
 * An input event of its own: what people were told to count comes between the claim and this.
 */
export function poisoning(crashes: number, state: RunState): Extract<InputEventBody, { type: 'run.failed' }> | null {
  if (crashes < DEATHS_TO_POISON) return null;
  const message = 'the process that drove this run alone died of it';
  return { type: 'run.failed', code: 'POISON', step: theOneUnderWay(state), message };
}

/** The step that was being executed; null if there were several, or none: then nobody can say which it was. */
function theOneUnderWay({ steps }: RunState): StepId | null {
  let found: StepId | null = null;
  for (const [step, state] of steps.entries()) {
    if (state.kind !== 'running' || state.assignment !== null || state.unbegun) continue;
    if (found !== null) return null;
    found = step;
  }
  return found;
}
