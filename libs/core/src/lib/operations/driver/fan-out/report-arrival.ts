import type { StepId } from '../../../foundation/ids';
import type { AssignmentReport } from '../../../ports/workers/assignment-report';
import type { ClaimedRun } from '../../../ports/runs/claims';
import { reportText } from '../../claimed-run/fan-out';
import type { DriverDependencies } from '../../claimed-run/driver-dependencies';
import type { RunValues } from '../../claimed-run/run-values';
import type { Arrival, QueuedInput } from '../../turn/turn-builder';

/** Which executions of an assignment are not over. */
export type OpenItems = (assignment: string) => Iterable<readonly [StepId, number]>;

/**
 * What an executor reports, as the driver takes it: all of a report in one turn, so that a report is in the journal whole or not at
 * all. Null if no worker has written it.
 */
export function reportArrival(
  { mac }: Pick<DriverDependencies, 'mac'>,
  run: Pick<ClaimedRun, 'runId'>,
  values: RunValues,
  report: AssignmentReport,
  position: number,
  open: OpenItems,
): Arrival | null {
  if (report.runId !== run.runId || mac(reportText(report)) !== report.mac) return null;
  for (const value of Object.values(report.values)) values.keep(value);
  const { assignment, fence, worker } = report;
  // Who executes stands in the evidence beside who drives; once for each holder.
  const held: readonly QueuedInput[] =
    report.number > 1
      ? []
      : [{ kind: 'fact', fact: { type: 'note', code: 'ASSIGNMENT_HELD', detail: { assignment, fence, ...worker } } }];
  const lost = report.refused ? [...open(assignment)].flatMap(([step, execution]) => partsOfLost(step, execution)) : [];
  return { kind: 'parts', parts: [...held, ...report.reported, ...lost], inboxPosition: position };
}

/** An execution that began somewhere and of which nobody will report any more: its stream is closed. */
export function partsOfLost(step: StepId, execution: number): readonly QueuedInput[] {
  return [
    { kind: 'fact', fact: { type: 'log.cut', step, execution } },
    { kind: 'given', body: { type: 'attempt.lost', step, execution, began: true } },
  ];
}
