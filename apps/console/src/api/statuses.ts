import type { LogLevel, RunStatus, StepStatus } from '@taskrunner/client';

// In the order in which people choose them. The compiler names a status that is missing.

export const RUN_STATUSES = every<RunStatus>()(
  'queued',
  'running',
  'waiting',
  'cancelling',
  'halted',
  'succeeded',
  'failed',
  'cancelled',
);

export const STEP_STATUSES = every<StepStatus>()(
  'pending',
  'running',
  'waiting',
  'retrying',
  'needs_attention',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
);

/** From the least urgent to the most urgent. */
export const LOG_LEVELS = every<LogLevel>()('trace', 'debug', 'info', 'warn', 'error');

/** A list with every value of a type. */
function every<Value extends string>() {
  return <List extends readonly Value[]>(
    ...list: List & ([Value] extends [List[number]] ? unknown : { readonly missing: Exclude<Value, List[number]> })
  ): readonly Value[] => list;
}
