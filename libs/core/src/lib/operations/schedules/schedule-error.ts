import { CodedError } from '../../foundation/coded-error';
import type { Pin } from '../../schedule/schedule';

/** Why a schedule is refused. */
export type ScheduleCode =
  /** Cron, time zone, window or end: see the faults. */
  | 'SCHEDULE_INVALID'
  | 'SCHEDULE_NOT_FOUND'
  | 'SCHEDULE_NAME_TAKEN'
  /** The tenant has reached its limit for schedules. */
  | 'SCHEDULE_LIMIT'
  /** Another caller edited it meanwhile. */
  | 'SCHEDULE_CHANGED'
  /** It stopped because its plan or profile changed. To resume it, both must be named. */
  | 'SCHEDULE_UNCONFIRMED';

/** Why a schedule without a signed record stops: nothing shows that its row is what somebody decided. */
export const SCHEDULE_UNSIGNED = {
  code: 'SCHEDULE_UNSIGNED',
  message: 'nobody has signed this schedule; whoever reviews and resumes it takes it over',
} as const;

/** An error about a schedule. */
export class ScheduleError extends CodedError<ScheduleCode> {
  static {
    this.brand('ScheduleError');
  }

  override readonly name: string = 'ScheduleError';
}

/** A stopped schedule resumes only if the caller names what it would run now. */
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

/** The tenant has no such schedule. */
export function scheduleNotFound(): ScheduleError {
  return new ScheduleError(
    'SCHEDULE_NOT_FOUND',
    'the schedule does not exist',
    'Check the id and the tenant against the list of schedules.',
  );
}
