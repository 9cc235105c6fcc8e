import type { StepId } from '../foundation/ids';
import { isCodedError } from '../foundation/coded-error';
import { storableText } from '../foundation/storable-text';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { itemAround, repeatOf } from '../plan/place';
import { nodeAt } from '../plan/plan-index';
import { scopeFor, type BindingContext } from './scope';
import { Missing } from './values';

/**
 * The display name of the item that a step is or belongs to: the evaluated `label` of its map. Null if the map has no label or the label
 * cannot be evaluated. A label decides nothing, so that is no fault.
 */
export function itemLabel(context: BindingContext, step: StepId, missing: Missing = new Missing()): string | null {
  const item = itemAround(step);
  if (item === null) return null;
  const { node } = nodeAt(context.index, repeatOf(item));
  if (node.kind !== 'map' || node.label === null) return null;
  try {
    const label = evaluateTemplate(node.label, scopeFor(context, item, readsOfTemplate(node.label), missing));
    if (label === null) return null;
    return storableText((typeof label === 'string' ? label : JSON.stringify(label)).slice(0, 200));
  } catch (error) {
    if (isCodedError(error)) return null;
    throw error;
  }
}
