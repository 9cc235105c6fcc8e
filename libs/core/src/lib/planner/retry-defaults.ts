import type { NodeId } from '../foundation/ids';
import type { Faults } from './context/faults';
import type { PlanIndex } from '../plan/plan-index';
import type { RetryRule } from '../plan/plan-request';
import type { RetryDefaults } from '../plan/profile';

/**
 * The environment's default attempts for `silent` nodes: steps for which neither step nor pack states anything. Only `idempotent` steps use
 * them: a pure step ends the same way each time, and a `once` step must not be repeated. Null if the environment's default is that of the
 * language.
 */
export function retryDefaults(rule: RetryRule, silent: readonly NodeId[], index: PlanIndex): RetryDefaults | null {
  if (rule.maxAttempts === 1) return null;
  const nodes = silent.filter((id) => {
    const node = index.nodes.get(id)?.node;
    return node?.kind === 'run' && node.effects === 'idempotent';
  });
  if (nodes.length === 0) return null;
  const { maxAttempts, backoffMs, maxBackoffMs } = rule;
  return { maxAttempts, backoffMs, maxBackoffMs, nodes: [...nodes].sort() };
}

/** Refuses steps that request more than the environment allows. The request is never reduced silently. */
export function checkRetryCap(
  { cap }: RetryRule,
  retries: { readonly maxAttempts: number; readonly maxBackoffMs: number; readonly backoffMs: number },
  at: string,
  faults: Faults,
): void {
  if (retries.maxAttempts > cap.maxAttempts)
    faults.add(
      'RETRIES_OVER_CAP',
      at,
      `The pack requests ${retries.maxAttempts} attempts; this environment allows ${cap.maxAttempts}.`,
    );
  const pauseMs = Math.min(retries.backoffMs, retries.maxBackoffMs);
  if (retries.maxAttempts > 1 && pauseMs > cap.maxBackoffMs)
    faults.add(
      'RETRIES_OVER_CAP',
      at,
      `The pack requests a delay of ${pauseMs} ms; this environment allows ${cap.maxBackoffMs} ms.`,
    );
}
