import { isCodedError } from '../../foundation/coded-error';
import type { DueExport, Exports, Settled } from '../../ports/evidence/exports';
import { abortable } from '../work/abortable';
import { exportEvidence, type ExportDependencies } from './export-evidence';

/** What delivering acts with. */
export interface DeliverDependencies extends ExportDependencies {
  readonly exports: Exports;
  /** Pause before the second try, milliseconds; it doubles up to `longestRetryMs`. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** From the seal on; a delivery that fails after that is given up. */
  readonly giveUpAfterMs: number;
  /** Longest time of one delivery; then another worker may take it. */
  readonly timeoutMs: number;
}

/** What came of one delivery. `error` is for the log of the operator; the reason is what the tenant sees. */
export type Delivery = { readonly due: DueExport; readonly settled: Settled; readonly error: unknown };

/**
 * Delivers sealed evidence that is due: to one destination, or with null, what names destinations that are not configured (any more).
 * Null if nothing is due. Its failures are settled, never thrown; those of the database are thrown.
 */
export async function deliverDue(
  dependencies: DeliverDependencies,
  destination: string | null,
  stopping: AbortSignal,
): Promise<Delivery | null> {
  const { exports, destinations, timeoutMs } = dependencies;
  const due =
    destination === null
      ? await exports.takeOther([...destinations.keys()], timeoutMs)
      : await exports.take(destination, timeoutMs);
  if (!due) return null;
  const { settled, error } = await delivered(dependencies, due, stopping);
  await exports.settle(due, settled);
  return { due, settled, error };
}

async function delivered(
  dependencies: DeliverDependencies,
  due: DueExport,
  stopping: AbortSignal,
): Promise<{ readonly settled: Settled; readonly error: unknown }> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(dependencies.timeoutMs)]);
  try {
    await abortable(exportEvidence(dependencies, due, signal), signal);
    return { settled: { status: 'delivered' }, error: null };
  } catch (error) {
    if (stopping.aborted) return { settled: { status: 'pending', reason: 'the worker stopped', afterMs: 0 }, error };
    const reason = reasonOf(error, signal.aborted);
    if (due.ageMs >= dependencies.giveUpAfterMs) return { settled: { status: 'failed', reason }, error };
    const afterMs = Math.min(dependencies.retryMs * 2 ** Math.min(due.tries - 1, 20), dependencies.longestRetryMs);
    return { settled: { status: 'pending', reason, afterMs }, error };
  }
}

/** Only what is coded is shown: other messages may name what is not the tenant's. */
function reasonOf(error: unknown, late: boolean): string {
  if (isCodedError(error)) return `${error.code}: ${error.message}`;
  return late
    ? 'EXPORT_UNAVAILABLE: it took too long'
    : 'EXPORT_FAILED: the delivery failed; see the log of the worker';
}
