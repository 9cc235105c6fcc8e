import { PlannerError, type PlanningLimits } from '@taskrunner/core/ports';

const SMALLER = 'Make the pack or its inputs smaller, split the pack,';

export function tookTooLong({ time }: PlanningLimits): PlannerError {
  const help = `${SMALLER} or ask the operator to raise limits.planTime.`;
  return new PlannerError('PLAN_LIMIT', `planning took longer than ${time / 1_000} s (limits.planTime)`, help);
}

/** The machine is busy: this says nothing about the pack. */
export function starved({ time }: PlanningLimits): PlannerError {
  return new PlannerError(
    'PLANNER_BUSY',
    `the machine is too busy to plan: planning did not get ${time / 1_000} s of processor time (limits.planTime) in several times that`,
    'Try again in a few seconds.',
  );
}

export function tookTooMuch({ memory }: PlanningLimits): PlannerError {
  const help = `${SMALLER} or ask the operator to raise limits.planMemory.`;
  return new PlannerError(
    'PLAN_LIMIT',
    `planning needs more memory than ${memory / 1024 ** 2} MiB (limits.planMemory)`,
    help,
  );
}

export function busy(): PlannerError {
  return new PlannerError('PLANNER_BUSY', 'too many packs are waiting to be planned', 'Try again in a few seconds.');
}

export function unavailable(detail: string): PlannerError {
  return new PlannerError('PLANNER_UNAVAILABLE', detail, 'Try again. If the error persists, contact the operator.');
}
