import type { StepId } from '../../../foundation/ids';
import type { AssignmentReport } from '../../../ports/workers/assignment-report';
import type { ClaimedRun } from '../../../ports/runs/claims';
import { reportText } from '../../claimed-run/fan-out';
import type { DriverDependencies } from '../../claimed-run/driver-dependencies';
import type { RunValues } from '../../claimed-run/run-values';
import type { Arrival, QueuedInput } from '../../turn/turn-builder';

/** Executions of an assignment that have not ended. */
export type OpenItems = (assignment: string) => Iterable<readonly [StepId, number]>;

/**
 * Converts an executor's report into input for the driver. The whole report is taken in one turn, so that the journal contains all of it or
 * none. Null if no worker has written it.
 */
export function reportArrival(
  { mac }: Pick<DriverDependencies, 'mac'>,
  run: Pick<ClaimedRun, 'runId'>,
  values: RunValues,
  report: AssignmentReport,
  position: number,
  open: OpenItems,
): Arrival | null {
  if (report.runId !== run.runId || macOf(mac, report) !== report.mac) return null;
  for (const value of Object.values(report.values)) values.keep(value);
  const { assignment, fence, worker } = report;
  // The evidence names executing workers besides driving ones, once per holder.
  const held: readonly QueuedInput[] =
    report.number > 1
      ? []
      : [{ kind: 'fact', fact: { type: 'note', code: 'ASSIGNMENT_HELD', detail: { assignment, fence, ...worker } } }];
  const lost = report.refused ? [...open(assignment)].flatMap(([step, execution]) => partsOfLost(step, execution)) : [];
  return { kind: 'parts', parts: [...held, ...report.reported, ...lost], inboxPosition: position };
}

/** The MAC of a report; null for a message that no report can be. */
function macOf(mac: DriverDependencies['mac'], report: AssignmentReport): string | null {
  try {
    return mac(reportText(report));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}

/** Closes the stream of an execution that began elsewhere and that nobody will report about any more. */
export function partsOfLost(step: StepId, execution: number): readonly QueuedInput[] {
  return [
    { kind: 'fact', fact: { type: 'log.cut', step, execution } },
    { kind: 'given', body: { type: 'attempt.lost', step, execution, began: true } },
  ];
}
