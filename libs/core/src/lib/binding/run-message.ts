import { ExpressionError } from '../expression/expression-fault';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { canonical } from '../canonical/canonical';
import type { Json } from '../foundation/json';
import { storableText } from '../foundation/storable-text';
import { ROOT } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';
import type { MessageQuestion } from '../step/question';
import { scopeFor, type BindingContext } from './scope';
import type { Missing } from './values';

/** The expressions of a message as the pack states them. Throws a `TypeError` if the pack has none. */
export function messageTemplate({ plan }: Pick<PlanIndex, 'plan'>, question: MessageQuestion): string {
  const template = plan.messages[question === 'successMessage' ? 'success' : 'failure'];
  if (template === null) throw new TypeError('the pack has no such message');
  return template;
}

/**
 * The message of a run at its end, over what the outputs of the run may read. A longer one than the profile allows is cut and ends with
 * `…`. Throws an `ExpressionError`.
 */
export function runMessage(context: BindingContext, question: MessageQuestion, missing: Missing): string {
  const template = messageTemplate(context.index, question);
  const value = evaluateTemplate(template, scopeFor(context, ROOT, readsOfTemplate(template), missing));
  return messageText(value, context.index.defaults.messageCharacters ?? Infinity);
}

/** A value as the text of a message. `most`: characters (UTF-16 code units). Throws an `ExpressionError` for null. */
export function messageText(value: Json, most: number): string {
  if (value === null)
    throw new ExpressionError('EXPR_NULL', 'the message is null', "Give a value for this case: x || 'none'.", 0);
  const text = storableText(typeof value === 'string' ? value : canonical(value));
  // No character is cut in two.
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
