import type { Json } from '@taskrunner/core/foundation';
import type { Schema } from '../form/field';
import { digestOf } from './canonical';

/** The form that the server sent with a gate, if the request names its digest; null: it is another one. The digest does not cover the order. */
export async function formOfGate(form: unknown, formDigest: string): Promise<Schema | null> {
  return isObject(form) && (await digestOf(form)) === formDigest ? form : null;
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The response that earlier approvers gave, which later ones confirm; null: nobody has given one. */
export function earlierResponse(
  decisions: readonly { readonly decision: string; readonly withdrawn?: boolean; readonly response?: unknown }[],
): Json {
  const first = decisions.find(({ decision, withdrawn }) => decision === 'approved' && withdrawn !== true);
  return (first?.response ?? null) as Json;
}
