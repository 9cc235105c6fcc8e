import { CodedError } from '@taskrunner/core/foundation';

/** Why the development stack does not start, or does not go on. */
export type DevErrorCode =
  /** A process did not become ready. */
  | 'DEV_START_FAILED'
  /** Another process runs a stack in the same folder. */
  | 'DEV_ALREADY_RUNS'
  /** A process ended although nobody stopped it. */
  | 'DEV_PROCESS_LOST'
  /** Nobody of this name, or the sign-in was refused. */
  | 'DEV_LOGIN_FAILED';

/** A refusal of the development stack, with what to do about it. */
export class DevError extends CodedError<DevErrorCode> {
  static {
    this.brand('DevError');
  }

  override readonly name = 'DevError';
}
