import { isCodedError } from '../../foundation/coded-error';
import type { DueExport, Exports, Settled } from '../../ports/evidence/exports';
import { abortable } from '../work/abortable';
import { exportEvidence, type ExportDependencies } from './export-evidence';

/** Dependencies of the delivery of exports. */
export interface DeliverDependencies extends ExportDependencies {
  readonly exports: Exports;
  /** Pause before the second attempt, milliseconds. It doubles up to `longestRetryMs`. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** Time after the seal, milliseconds. A delivery that fails later is given up. */
  readonly giveUpAfterMs: number;
  /** Maximum time of one delivery, milliseconds. Another worker may take it afterwards. */
  readonly timeoutMs: number;
}

/** Result of one delivery. `error` is for the operator's log; the tenant sees the reason. */
export type Delivery = { readonly due: DueExport; readonly settled: Settled; readonly error: unknown };

/**
 * Delivers one export that is due: to the given destination, or with null, to destinations that are no longer configured. Returns null if
 * none is due. Failures of the delivery are stored in the result; failures of the database are thrown.
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

/** Only coded errors are shown. Other messages may contain data of another tenant. */
function reasonOf(error: unknown, late: boolean): string {
  if (isCodedError(error)) return `${error.code}: ${error.message}`;
  return late
    ? 'EXPORT_UNAVAILABLE: it took too long'
    : 'EXPORT_FAILED: the delivery failed; see the log of the worker';
}
