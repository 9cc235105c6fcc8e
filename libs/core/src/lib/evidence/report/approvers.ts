import type { Subject } from '../../foundation/principal';
import { isOverride, stands } from './gate-words';
import type { ReportedGate } from './report';

/** A person and the gates at which they approved. */
export interface Approver {
  readonly person: Subject;
  readonly gates: readonly string[];
}

/** People who approved at more than one gate of the run, by the decisions that stand. */
export function approversOfSeveral(gates: readonly ReportedGate[]): readonly Approver[] {
  const found = new Map<string, { person: Subject; gates: Set<string> }>();
  for (const asked of gates) {
    const { decisions } = asked;
    const gate = isOverride(asked) ? `${asked.gate} (override)` : asked.gate;
    for (const one of decisions) {
      const { person, decision } = one;
      if (!stands(one) || decision !== 'approved') continue;
      const key = JSON.stringify([person.iss, person.sub]);
      const known = found.get(key);
      if (known) known.gates.add(gate);
      else found.set(key, { person, gates: new Set([gate]) });
    }
  }
  return [...found.values()]
    .filter((one) => one.gates.size > 1)
    .map((one) => ({ person: one.person, gates: [...one.gates] }));
}

/** The text for a gate without decisions. It says that nobody decided, unless the gate's outcome says that people did. */
export function withoutDecisions(outcome: string): string {
  return outcome === 'approved' || outcome === 'rejected'
    ? 'the bundle has no readable decision'
    : 'no decision was made';
}
