import { guardIndex, guardInstance, type GuardIndex } from '../evidence/gate-guards';
import type { StepId } from '../foundation/ids';
import { nodeOf } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';

const indexes = new WeakMap<PlanIndex, GuardIndex>();

/** The gates that a step stands behind, as instances seen from it: what the verifier derives too. */
export function guardingGates(x: PlanIndex, step: StepId): readonly StepId[] {
  let index = indexes.get(x);
  if (!index) indexes.set(x, (index = guardIndex(x)));
  return (index.get(nodeOf(step)) ?? []).map((guard) => guardInstance(guard, step));
}
