import type { ReportedRun } from './report';

/** A request to cancel a run. */
export type Cancellation = ReportedRun['cancellations'][number];

/** The request that ended a run; null if the run ended otherwise. Further requests only add force. */
export function cancellationOf({
  end,
  cancellations,
}: Pick<ReportedRun, 'end' | 'cancellations'>): Cancellation | null {
  return end?.code === 'RUN_CANCELLED' ? (cancellations[0] ?? null) : null;
}
