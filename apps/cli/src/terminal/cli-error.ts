import { CodedError } from '@taskrunner/core/foundation';
import { EXIT, type ExitCode } from './exit-code';

/** Errors of the command line itself. */
export type CliErrorCode =
  /** An invalid argument or option. */
  | 'CLI_USAGE'
  /** A file or folder that cannot be read. */
  | 'CLI_FILE'
  /** The file is not an evidence bundle: empty, not a tar, damaged or compressed. */
  | 'BUNDLE_UNREADABLE'
  /** Inputs that cannot be read. */
  | 'CLI_INPUT'
  /** The configuration of the services is invalid, or lacks what the command needs. */
  | 'CLI_CONFIG'
  /** No server or token was named. */
  | 'CLI_SERVER_MISSING'
  | 'CLI_TOKEN_MISSING'
  /** The server does not answer, or its answer cannot be understood. */
  | 'CLI_SERVER_UNREACHABLE'
  | 'CLI_SERVER_ANSWER'
  /** The person at the terminal did not confirm. */
  | 'CLI_NOT_CONFIRMED'
  /** The server's gate digest does not match what it shows. */
  | 'CLI_GATE_DIGEST'
  /** `latest` or the beginning of an id names no run. */
  | 'CLI_RUN_NOT_FOUND'
  /** The beginning of an id names several runs. */
  | 'CLI_RUN_AMBIGUOUS'
  /** No gate was named, and the run does not have exactly one open gate. */
  | 'CLI_GATE_CHOICE'
  /** A run or a step has no such output. */
  | 'CLI_OUTPUT_NOT_FOUND';

const EXITS: Readonly<Record<CliErrorCode, ExitCode>> = {
  CLI_USAGE: EXIT.INVALID_INPUT,
  CLI_FILE: EXIT.INVALID_INPUT,
  BUNDLE_UNREADABLE: EXIT.NOT_VERIFIED,
  CLI_INPUT: EXIT.INVALID_INPUT,
  CLI_CONFIG: EXIT.INVALID_INPUT,
  CLI_SERVER_MISSING: EXIT.INVALID_INPUT,
  CLI_TOKEN_MISSING: EXIT.DENIED,
  CLI_SERVER_UNREACHABLE: EXIT.RETRYABLE,
  CLI_SERVER_ANSWER: EXIT.INTERNAL,
  CLI_NOT_CONFIRMED: EXIT.DENIED,
  CLI_GATE_DIGEST: EXIT.DENIED,
  CLI_RUN_NOT_FOUND: EXIT.NOT_FOUND,
  CLI_RUN_AMBIGUOUS: EXIT.INVALID_INPUT,
  CLI_GATE_CHOICE: EXIT.INVALID_INPUT,
  CLI_OUTPUT_NOT_FOUND: EXIT.NOT_FOUND,
};

/** An error of the command line with its remedy. */
export class CliError extends CodedError<CliErrorCode> {
  static {
    this.brand('CliError');
  }

  override readonly name = 'CliError';

  get exitCode(): ExitCode {
    return EXITS[this.code];
  }
}
