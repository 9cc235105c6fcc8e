import { CodedError } from '@taskrunner/core/foundation';

/** Why the development stack does not start or has failed. */
export type DevErrorCode =
  /** A process did not become ready. */
  | 'DEV_START_FAILED'
  /** Another process runs a stack in the same folder. */
  | 'DEV_ALREADY_RUNS'
  /** The port that the user asked for cannot be used. */
  | 'DEV_PORT_UNAVAILABLE'
  /** The user's settings have errors; `faults` lists them. */
  | 'DEV_CONFIG_INVALID'
  /** A process ended unexpectedly. */
  | 'DEV_PROCESS_LOST'
  /** The folder has a stack, but no process runs it. */
  | 'DEV_NOT_RUNNING'
  /** Unknown person, or the sign-in was refused. */
  | 'DEV_LOGIN_FAILED';

/** An error of the development stack with its remedy. */
export class DevError extends CodedError<DevErrorCode> {
  static {
    this.brand('DevError');
  }

  override readonly name = 'DevError';
}
