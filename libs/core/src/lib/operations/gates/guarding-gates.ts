import { guardIndex, guardInstance, type GuardIndex } from '../../evidence/records/gate-guards';
import type { StepId } from '../../foundation/ids';
import { nodeOf } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';

const indexes = new WeakMap<PlanIndex, GuardIndex>();

/** The gates that guard a step, as instances relative to it. The verifier derives them in the same way. */
export function guardingGates(planIndex: PlanIndex, step: StepId): readonly StepId[] {
  let index = indexes.get(planIndex);
  if (!index) indexes.set(planIndex, (index = guardIndex(planIndex)));
  return (index.get(nodeOf(step)) ?? []).map((guard) => guardInstance(guard, step));
}
