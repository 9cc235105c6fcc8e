import type { Decision, Gate } from '@taskrunner/client';
import { gateOutcomeWord } from '@taskrunner/core/gate';
import { verdictIn } from '../verdict';
import { statusOf } from './own-decision';

type StatedGate = Pick<Gate, 'status' | 'why' | 'request' | 'policy'>;

/** True if people are asked to override the denial of a policy. */
export function isOverride(gate: Pick<Gate, 'request' | 'policy'>): boolean {
  return verdictIn(gate) !== null;
}

/** The state of a gate in one word, with the words of the command line and of reports. */
export function statusWord(gate: StatedGate): string {
  const status = statusOf(gate);
  if (status === 'open') return 'open';
  if (status === 'closed' && !isOverride(gate)) return 'closed without a decision';
  return gateOutcomeWord(status, isOverride(gate));
}

/** How a gate ended, as a sentence without its full stop. */
export function endWords(gate: StatedGate): string {
  const status = statusOf(gate);
  if (!isOverride(gate)) return `The gate is ${statusWord(gate)}`;
  if (status === 'approved') return 'The denial is overridden';
  return status === 'rejected' ? 'The override is rejected' : `The denial is ${statusWord(gate)}`;
}

const PLAIN: Readonly<Record<Decision['decision'], string>> = {
  approved: 'approval',
  rejected: 'rejection',
  withdrawn: 'withdrawal',
};
const OVERRIDES: Readonly<Record<Decision['decision'], string>> = {
  approved: 'override',
  rejected: 'rejection of the override',
  withdrawn: 'withdrawal of the override',
};

/** What a person has done, behind `you had already`. */
export function decisionParticiple(decision: Decision['decision'], override: boolean): string {
  if (!override) return decision;
  if (decision === 'approved') return 'overridden the denial';
  return `${decision} the override`;
}

/** The name of a decision. */
export function decisionNoun(decision: Decision['decision'], override: boolean): string {
  return (override ? OVERRIDES : PLAIN)[decision];
}
