import type { StepId } from '../foundation/ids';
import { isCodedError } from '../foundation/coded-error';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { itemAround, repeatOf } from '../plan/place';
import { nodeAt } from '../plan/plan-index';
import { scopeFor, type BindingContext } from './scope';
import { Missing } from './values';

/**
 * What people call the item that a step is, or stands in: the `label` of its map, evaluated; null if it has none, or if it
 * cannot be evaluated (a label decides nothing, so that is no fault).
 */
export function itemLabel(context: BindingContext, step: StepId, missing: Missing = new Missing()): string | null {
  const item = itemAround(step);
  if (item === null) return null;
  const { node } = nodeAt(context.index, repeatOf(item));
  if (node.kind !== 'map' || node.label === null) return null;
  try {
    const label = evaluateTemplate(node.label, scopeFor(context, item, readsOfTemplate(node.label), missing));
    return label === null
      ? null
      : typeof label === 'string'
        ? label.slice(0, 200)
        : JSON.stringify(label).slice(0, 200);
  } catch (error) {
    if (isCodedError(error)) return null;
    throw error;
  }
}
