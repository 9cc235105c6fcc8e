import { evaluateTemplate } from '../../expression/json-template';
import type { Plan } from '../../plan/plan';

/**
 * The reason that a pack suggests to approvers (`reasonTemplate`), for this run; null: it suggests none, or it cannot be rendered from what the plan
 * contains, such as a sensitive input. A person may change it, so nothing depends on it.
 */
export function suggestedReason(plan: Pick<Plan, 'approvals' | 'inputs' | 'pack'>, approval: string): string | null {
  const template = plan.approvals.find(({ id }) => id === approval)?.reasonTemplate ?? null;
  if (template === null) return null;
  try {
    const { name, version } = plan.pack;
    const reason = evaluateTemplate(template, { inputs: plan.inputs, pack: { name, version } });
    return typeof reason === 'string' ? reason : null;
  } catch {
    return null;
  }
}
