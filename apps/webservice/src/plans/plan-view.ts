import { digestOf, type Json, type JsonObject, type Plan } from '@taskrunner/core';

/** The digest of each component of a plan: explains why two hashes differ. */
export function receiptOf(plan: Plan): JsonObject {
  return Object.fromEntries(Object.entries(plan).map(([name, part]) => [name, digestOf(part as Json)]));
}
