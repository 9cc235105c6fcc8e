import type { Json } from '@taskrunner/core/foundation';
import type { Schema } from '../form/field';
import { digestOf } from './canonical';

/** The form of a gate: that one in the plan whose digest the request names. Null: the plan has none. */
export async function formOfGate(plan: unknown, formDigest: string): Promise<Schema | null> {
  for (const form of formsIn(plan)) if ((await digestOf(form)) === formDigest) return form;
  return null;
}

/** The forms of all gates in a part of a plan, also of those in maps, loops and inner packs. */
function* formsIn(part: unknown): Generator<Schema> {
  if (Array.isArray(part)) {
    for (const one of part as readonly unknown[]) yield* formsIn(one);
    return;
  }
  if (!isObject(part)) return;
  if (part['kind'] === 'gate' && isObject(part['form'])) yield part['form'];
  for (const member of Object.values(part)) yield* formsIn(member);
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
