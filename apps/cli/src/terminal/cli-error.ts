import { CodedError } from '@taskrunner/core/foundation';
import { EXIT, type ExitCode } from './exit-code';

/** Refusals of the command line itself. */
export type CliErrorCode =
  /** An argument or option that does not fit. */
  | 'CLI_USAGE'
  /** A file or folder that cannot be read. */
  | 'CLI_FILE'
  /** The file is no evidence bundle: empty, no tar, a damaged or compressed one. */
  | 'BUNDLE_UNREADABLE'
  /** Inputs that cannot be read. */
  | 'CLI_INPUT'
  /** The configuration of the services is not valid, or lacks what the command needs. */
  | 'CLI_CONFIG'
  /** No server or token was named. */
  | 'CLI_SERVER_MISSING'
  | 'CLI_TOKEN_MISSING'
  /** The server does not answer, or not as this client understands. */
  | 'CLI_SERVER_UNREACHABLE'
  | 'CLI_SERVER_ANSWER'
  /** The person at the terminal did not confirm. */
  | 'CLI_NOT_CONFIRMED'
  /** What the server calls the gate is not what it shows. */
  | 'CLI_GATE_DIGEST';

const EXITS: Readonly<Record<CliErrorCode, ExitCode>> = {
  CLI_USAGE: EXIT.INVALID_INPUT,
  CLI_FILE: EXIT.INVALID_INPUT,
  BUNDLE_UNREADABLE: EXIT.NOT_VERIFIED,
  CLI_INPUT: EXIT.INVALID_INPUT,
  CLI_CONFIG: EXIT.INVALID_INPUT,
  CLI_SERVER_MISSING: EXIT.INVALID_INPUT,
  CLI_TOKEN_MISSING: EXIT.DENIED,
  CLI_SERVER_UNREACHABLE: EXIT.RETRYABLE,
  CLI_SERVER_ANSWER: EXIT.FAILED,
  CLI_NOT_CONFIRMED: EXIT.DENIED,
  CLI_GATE_DIGEST: EXIT.DENIED,
};

/** A refusal of the command line, with what to do about it. */
export class CliError extends CodedError<CliErrorCode> {
  static {
    this.brand('CliError');
  }

  override readonly name = 'CliError';

  get exitCode(): ExitCode {
    return EXITS[this.code];
  }
}
