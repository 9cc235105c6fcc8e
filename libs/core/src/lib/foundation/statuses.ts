/** Final statuses of a run. An ended run is sealed. */
export const runEnds = ['succeeded', 'failed', 'cancelled'] as const;
export type RunEnd = (typeof runEnds)[number];

/** All statuses of a run, in the order in which a run can have them. */
export const runStatuses = ['queued', 'running', 'waiting', 'cancelling', 'halted', ...runEnds] as const;
export type RunStatus = (typeof runStatuses)[number];

/** Final statuses of a step. */
export const stepEnds = ['succeeded', 'failed', 'skipped', 'cancelled'] as const;
export type StepEnd = (typeof stepEnds)[number];

const ENDS: ReadonlySet<string> = new Set(runEnds);

/** True if a run of this status has ended and is sealed. */
export function hasEnded(status: string): status is RunEnd {
  return ENDS.has(status);
}

/** True if a run of this status executes no more steps: it has ended, or it was halted because its records were altered. */
export function isOver(status: string): status is RunEnd | 'halted' {
  return hasEnded(status) || status === 'halted';
}

/** True if no decision about a run of this status is possible any more: it has ended or is being cancelled. */
export function refusesDecisions(status: string): status is RunEnd | 'halted' | 'cancelling' {
  return isOver(status) || status === 'cancelling';
}
