import type { Gate } from '@taskrunner/client';
import { nodeOf } from '../run/run-view';

/** Steps with effects that no approval rule guards, as they look at one gate. */
interface Ungated {
  /** They act whatever people decide here. */
  readonly free: readonly string[];
  /** They are behind this gate, which asks people because its policy denied. */
  readonly byPolicy: readonly string[];
}

/** A policy is no approval rule, so the plan lists steps behind it as without approval, although they wait for this gate. */
export function ungatedAt({ ungatedEffects, request }: Pick<Gate, 'ungatedEffects' | 'request'>): Ungated {
  const behind = new Set(request.opens.map(nodeOf));
  const steps = ungatedEffects ?? [];
  return { free: steps.filter((step) => !behind.has(step)), byPolicy: steps.filter((step) => behind.has(step)) };
}
