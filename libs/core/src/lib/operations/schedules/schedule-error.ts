import { CodedError } from '../../foundation/coded-error';
import type { Pin } from '../../schedule/schedule';

/** Why a schedule is not kept as asked. */
export type ScheduleCode =
  /** Cron, time zone, window or end: see the faults. */
  | 'SCHEDULE_INVALID'
  | 'SCHEDULE_NOT_FOUND'
  | 'SCHEDULE_NAME_TAKEN'
  /** The tenant has as many as it may have. */
  | 'SCHEDULE_LIMIT'
  /** Somebody else edited it meanwhile. */
  | 'SCHEDULE_CHANGED'
  /** It stopped because its plan or profile changed: to go on, both must be named. */
  | 'SCHEDULE_UNCONFIRMED';

/** A refusal about a schedule. */
export class ScheduleError extends CodedError<ScheduleCode> {
  static {
    this.brand('ScheduleError');
  }

  override readonly name: string = 'ScheduleError';
}

/** A schedule that stopped goes on only for somebody who names what it would run now. */
export class ScheduleUnconfirmed extends ScheduleError {
  static {
    this.brand('ScheduleUnconfirmed');
  }

  constructor(readonly found: Pin) {
    super(
      'SCHEDULE_UNCONFIRMED',
      `the schedule would now run ${found.planHash} under ${found.profileDigest}`,
      'Review the changes, then send the current planHash and profileDigest.',
    );
  }
}

/** No such schedule of the tenant. */
export function scheduleNotFound(): ScheduleError {
  return new ScheduleError(
    'SCHEDULE_NOT_FOUND',
    'the schedule does not exist',
    'Check the id and the tenant against the list of schedules.',
  );
}
