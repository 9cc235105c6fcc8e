import type { Run } from '@taskrunner/client';
import { quoted } from '../terminal/run-lines';
import { isGate } from './local-display';

/** The command that goes on with a run. `as`: a second local person, or a word for one; null: the person who runs the command. */
export function resumeCommand(runId: string, as: string | null): string {
  return `taskrunner run --resume ${runId}${as === null ? '' : ` --as ${quoted(as)}`}`;
}

/** True if a run waits for the decision of a person, at a gate or about a step. */
export function waitsForPerson({ waits }: Pick<Run, 'waits'>): boolean {
  return waits.some((wait) => isGate(wait) || wait.kind === 'attention');
}
