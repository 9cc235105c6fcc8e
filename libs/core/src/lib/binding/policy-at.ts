import type { StepId } from '../foundation/ids';
import { verdictOf, type PolicyVerdict } from '../gate/policy-verdict';
import { isItem } from '../plan/place';
import { nodeAt } from '../plan/plan-index';
import type { BindingContext } from './scope';

/** The policy verdict at a gate instance; null if the gate has no policy or the policy has not answered yet. */
export function verdictAt(
  { index, results }: Pick<BindingContext, 'index' | 'results'>,
  step: StepId,
): PolicyVerdict | null {
  const judged = results.get(step)?.judged;
  if (!judged || isItem(step)) return null;
  const { node } = nodeAt(index, step);
  const policy = node.kind === 'gate' ? index.plan.policies.find(({ id }) => id === node.policy) : undefined;
  return policy ? verdictOf(policy, judged) : null;
}
