import { digestOf } from '@taskrunner/core/canonical';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import type { Plan } from '@taskrunner/core/plan';

/** The digest of each component of a plan. It explains why two hashes differ. */
export function receiptOf(plan: Plan): JsonObject {
  return Object.fromEntries(Object.entries(plan).map(([name, part]) => [name, digestOf(part as Json)]));
}
