import type { Json } from '../../foundation/json';
import type { Reading } from '../reading/reading';

/** Reports `{{` in a field without expressions (docs/guides/writing-packs.md, Expressions), at the braces; true if there is one. */
export function refuseExpression(value: Json, at: string, reading: Reading): boolean {
  if (!holdsExpression(value)) return false;
  reading.fault('EXPR_NOT_ALLOWED', at, 'Expressions are not allowed in this field.', {
    text: value,
    offset: value.indexOf('{{'),
  });
  return true;
}

/** True for a text with `{{` in it. */
export function holdsExpression(value: Json): value is string {
  return typeof value === 'string' && value.includes('{{');
}
