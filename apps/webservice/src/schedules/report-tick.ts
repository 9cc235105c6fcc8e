import { Logger } from '@nestjs/common';
import { isCodedError } from '@taskrunner/core/foundation';
import type { TickReport } from '@taskrunner/core/operations';

const logger = new Logger('scheduler');

/** Logs the result of a tick. It is not logged if another process was first. */
export function reportTick({ tenant, scheduleId, outcome, tick, runId, reason, error }: TickReport): void {
  if (outcome === 'taken') return;
  const at = tick === null ? null : new Date(tick).toISOString();
  const facts = { event: `schedule.${outcome}`, tenant, scheduleId, tick: at, runId, reason };
  if (outcome === 'failed') logger.error({ ...facts, reason: reasonOf(error) });
  else if (outcome === 'ran') logger.debug(facts);
  else logger.warn(facts);
}

function reasonOf(error: unknown): string {
  if (isCodedError(error)) return `${error.code} ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
