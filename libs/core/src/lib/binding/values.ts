import type { Digest, StepId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { itemOf } from '../plan/place';
import { blockOf, childOf, nodeAt, type PlanIndex } from '../plan/plan-index';
import type { ValueRef } from '../step/value-ref';
import type { RunProjection } from './run-projection';

/** Values that the driver holds in memory, by digest. */
export type Values = Pick<ReadonlyMap<Digest, Json>, 'get'>;

/** Collects the digests of missing values, so that the driver can fetch them all and ask again. */
export class Missing {
  readonly digests = new Set<Digest>();
}

/** The value of a reference; null if the value or a part of it is missing (`missing` then names it). */
export function valueOf(
  index: PlanIndex,
  results: RunProjection,
  values: Values,
  ref: ValueRef,
  missing: Missing,
): Json {
  if (ref === null) return null;
  if (ref.kind === 'value') {
    const value = values.get(ref.digest);
    if (value === undefined) missing.digests.add(ref.digest);
    return value ?? null;
  }
  const part = (step: StepId): Json => valueOf(index, results, values, results.get(step)?.outputs ?? null, missing);
  const { node } = nodeAt(index, ref.of);
  if (node.kind === 'map' || node.kind === 'loop')
    return Array.from({ length: ref.count }, (_, index) => part(itemOf(ref.of, index)));
  return Object.fromEntries(
    blockOf(index, ref.of).nodes.map((child) => [child.name, part(childOf(index, ref.of, child.name))]),
  );
}
