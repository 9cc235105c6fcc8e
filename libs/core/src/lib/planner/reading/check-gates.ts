import type { Approval, Policy } from '../../plan/plan';
import type { PlannedList, PlannedStep } from '../context/planned-step';
import { innerOf, isOverBefore } from '../context/planned-step';
import type { Faults } from '../context/faults';
import { approvalNamed, policyNamed, type InnerNames } from '../context/inner-names';

/** Which steps each approval gate guards, and what they may read (docs/guides/approvals.md, What you approve; docs/guides/writing-packs.md, Gates). */
export class GateGuards {
  private readonly ofList = new Map<
    PlannedList,
    readonly { readonly place: number; readonly gates: readonly PlannedStep[] }[]
  >();

  /** `applies` is false for a gate whose own `when` is known to be false, and for one that may be skipped. */
  constructor(private readonly applies: (gate: PlannedStep) => boolean) {}

  /** The approval gates that must open before a step begins. */
  guarding(step: PlannedStep): readonly PlannedStep[] {
    const above = step.parent === null ? [] : this.guarding(step.parent);
    const here = this.passing(step.list).flatMap(({ place, gates }) =>
      step.list.order.waitsFor(step.place, place) ? gates : [],
    );
    return here.length === 0 ? above : [...above, ...here];
  }

  /** Members of a list that end only after approval gates have opened. */
  private passing(list: PlannedList): readonly { readonly place: number; readonly gates: readonly PlannedStep[] }[] {
    const known = this.ofList.get(list);
    if (known !== undefined) return known;
    const found = list.steps.flatMap((step) => {
      const gates = this.stepsWithin(step);
      return gates.length === 0 ? [] : [{ place: step.place, gates }];
    });
    this.ofList.set(list, found);
    return found;
  }

  private stepsWithin(step: PlannedStep): readonly PlannedStep[] {
    const { body, when, runOn } = step.step;
    if (body.kind === 'gate')
      return body.gate.kind === 'approval' && runOn !== 'failure' && this.applies(step) ? [step] : [];
    const passes = body.kind === 'group' || body.kind === 'parallel' || innerOf(step) !== null;
    if (!passes || when !== null || runOn === 'failure') return [];
    return step.lists.flatMap((list) => this.passing(list).flatMap(({ gates }) => gates));
  }
}

/**
 * A step behind an approval gate may read values that were fixed when the gate was reached, the gate itself, or results behind the same
 * gate. Values that decide whether and what it runs must be of the first two kinds. A value that one gate did not show may have been shown
 * by a later one.
 */
export function checkReads(steps: Iterable<PlannedStep>, guards: GateGuards, faults: Faults): void {
  for (const step of steps) {
    if (step.reads.length === 0 || step.step.body.kind === 'gate') continue;
    const gates = guards.guarding(step);
    if (gates.length === 0) continue;
    for (const { of, control, previous, at } of step.reads) {
      const behind = control ? [] : guards.guarding(of);
      const fixedBy = (gate: PlannedStep): boolean =>
        previous ? isIn(gate, of) : gate === of || isOverBefore(of, gate);
      const seen = gates.filter((gate) => fixedBy(gate) || behind.includes(gate));
      const unseen = gates.filter((gate) => !seen.includes(gate) && !seen.some((later) => isOverBefore(gate, later)));
      if (unseen.length === 0) continue;
      const gate = unseen.at(-1)?.step.id ?? '';
      const what = control
        ? `decides what runs behind the gate ${gate}, based on a result that is not available when people decide`
        : `was not available for the gate ${gate}`;
      const result = previous ? 'previous' : `The result of ${of.step.id}`;
      faults.add('GATE_UNREVIEWED_INPUT', at, `${result} ${what}.`);
    }
  }
}

/** True if a gate is in the body of a loop. The previous iteration had then ended when the gate was reached. */
function isIn(gate: PlannedStep, loop: PlannedStep): boolean {
  for (let at = gate.parent; at !== null; at = at.parent) if (at === loop) return true;
  return false;
}

/** An approval that overrides a policy must be at least as strict as every approval of the pack. */
export function checkOverrides(
  approvals: readonly Approval[],
  policies: readonly Policy[],
  steps: Iterable<PlannedStep>,
  names: InnerNames | null,
  faults: Faults,
): void {
  for (const { step } of steps) {
    if (step.body.kind !== 'gate' || step.body.gate.kind !== 'policy' || step.body.gate.overrideApproval === null)
      continue;
    const policy = policyNamed(step.body.gate.policy, names);
    const overrideApproval = approvalNamed(step.body.gate.overrideApproval, names);
    const override = approvals.find(({ id }) => id === overrideApproval);
    if (override === undefined || policies.find(({ id }) => id === policy)?.level !== 'soft-mandatory') continue;
    const stricter = approvals.find((other) => !isAtLeast(override, other));
    if (stricter !== undefined)
      faults.add(
        'POLICY_OVERRIDE_WEAK',
        `${step.at}/gate/overrideApproval`,
        `${override.id} is less strict than ${stricter.id}.`,
      );
  }
}

/**
 * True if a substitute approval leaves people and steps no more time than the original. For each time that the original states, it must
 * state one that is not longer. Times that nobody states come from the installation.
 */
export function isAsShort(a: Times, b: Times): boolean {
  const isWithin = (own: number | null, most: number | null): boolean => most === null || (own !== null && own <= most);
  return isWithin(a.expiresAfterMs, b.expiresAfterMs) && isWithin(a.executeWithinMs, b.executeWithinMs);
}

type Times = Pick<Approval, 'expiresAfterMs' | 'executeWithinMs'>;

/** The requirements of an approval for its approvers. */
type Demand = Pick<Approval, 'minApprovals' | 'grants' | 'allowSelfApproval' | 'maxAuthAgeMs' | 'reasonRequired'>;

/** True if `a` requires everything that `b` requires. `packs.approve` is always required, whether stated or not. */
export function isAtLeast(a: Demand, b: Demand): boolean {
  return (
    a.minApprovals >= b.minApprovals &&
    b.grants.every((grant) => grant === 'packs.approve' || a.grants.includes(grant)) &&
    (!a.allowSelfApproval || b.allowSelfApproval) &&
    (b.maxAuthAgeMs === null || (a.maxAuthAgeMs !== null && a.maxAuthAgeMs <= b.maxAuthAgeMs)) &&
    (a.reasonRequired || !b.reasonRequired)
  );
}
