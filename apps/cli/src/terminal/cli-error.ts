import { CodedError } from '@taskrunner/core/foundation';
import { EXIT, type ExitCode } from './exit-code';

/** Errors of the command line itself, with their meanings and exit codes. The remedy is that of the occurrence. */
export const CLI_ERRORS = {
  CLI_USAGE: { meaning: 'An argument or an option is invalid.', exit: EXIT.INVALID_INPUT },
  CLI_FILE: { meaning: 'A file or folder cannot be read or written.', exit: EXIT.INVALID_INPUT },
  BUNDLE_UNREADABLE: {
    meaning: 'The file is not an evidence bundle: it is empty, not a tar file, damaged or compressed.',
    exit: EXIT.NOT_VERIFIED,
  },
  CLI_AUDIT_CHAIN: {
    meaning:
      'An export of the audit chain or a file of checkpoints is damaged, altered or another file, or the server does not continue it.',
    exit: EXIT.NOT_VERIFIED,
  },
  CLI_INPUT: { meaning: 'The inputs of the pack cannot be read.', exit: EXIT.INVALID_INPUT },
  CLI_CONFIG: {
    meaning: 'The configuration of the services is invalid, or lacks what the command needs.',
    exit: EXIT.INVALID_INPUT,
  },
  CLI_SERVER_MISSING: { meaning: 'No server is set.', exit: EXIT.INVALID_INPUT },
  CLI_TOKEN_MISSING: { meaning: 'No token is set, or it is not a bearer token.', exit: EXIT.DENIED },
  CLI_CONTEXT_UNKNOWN: { meaning: 'There is no context with this name.', exit: EXIT.NOT_FOUND },
  CLI_CONTEXTS_UNSAFE: {
    meaning: 'Other users may read, change or replace the file with contexts and tokens.',
    exit: EXIT.DENIED,
  },
  CLI_CONTEXTS_INVALID: {
    meaning: 'The file with contexts and tokens is damaged, or of another version.',
    exit: EXIT.INVALID_INPUT,
  },
  CLI_LOGIN_UNKNOWN: { meaning: 'The issuer for the sign-in is unknown.', exit: EXIT.INVALID_INPUT },
  CLI_LOGIN_UNTRUSTED: {
    meaning: 'The sign-in would send a token or a person to an address that is not trusted.',
    exit: EXIT.DENIED,
  },
  CLI_LOGIN_FAILED: { meaning: 'Nobody signed in, or the issuer refused the sign-in.', exit: EXIT.DENIED },
  CLI_LOGIN_EXPIRED: { meaning: 'A sign-in has ended and cannot be renewed.', exit: EXIT.DENIED },
  CLI_ISSUER_UNREACHABLE: { meaning: 'The issuer does not respond.', exit: EXIT.RETRYABLE },
  CLI_SERVER_UNREACHABLE: { meaning: 'The server does not respond.', exit: EXIT.RETRYABLE },
  CLI_SERVER_ANSWER: { meaning: 'The response of the server is not the expected one.', exit: EXIT.INTERNAL },
  CLI_SERVER_OTHER: { meaning: 'The server at the address is not a TaskRunner server.', exit: EXIT.INVALID_INPUT },
  CLI_STEP_NOT_FOUND: { meaning: 'The run has no step with this id, or has not reached it yet.', exit: EXIT.NOT_FOUND },
  CLI_GATE_NOT_FOUND: { meaning: 'The run has no gate with this id.', exit: EXIT.NOT_FOUND },
  CLI_SCHEDULE_NOT_FOUND: { meaning: 'There is no schedule with this name.', exit: EXIT.NOT_FOUND },
  CLI_EVIDENCE_WAITS: {
    meaning: 'The run has no evidence yet, because it waits for a person.',
    exit: EXIT.WAITS_FOR_PERSON,
  },
  CLI_NOT_CONFIRMED: { meaning: 'The person at the terminal did not confirm.', exit: EXIT.DENIED },
  CLI_RESPONSE_MISSING: {
    meaning: 'The gate has a form, no response was passed, and nobody could be asked.',
    exit: EXIT.INVALID_INPUT,
  },
  CLI_RESPONSE_INVALID: { meaning: 'The response does not match the form of the gate.', exit: EXIT.INVALID_INPUT },
  CLI_REASON_MISSING: {
    meaning: 'The gate needs a reason, none was passed, and nobody could be asked.',
    exit: EXIT.INVALID_INPUT,
  },
  CLI_GATE_DIGEST: { meaning: 'The gate request does not match its digest.', exit: EXIT.DENIED },
  CLI_RUN_NOT_FOUND: { meaning: '`latest` or the beginning of an id does not match any run.', exit: EXIT.NOT_FOUND },
  CLI_RUN_AMBIGUOUS: { meaning: 'The beginning of an id matches several runs.', exit: EXIT.INVALID_INPUT },
  CLI_RUN_UNFINISHED: {
    meaning: 'The kept run has not ended, and the command needs an ended one.',
    exit: EXIT.FAILED,
  },
  CLI_GATE_LOCAL: {
    meaning: 'A gate or a step of a run without a server is decided by the command that executes the run.',
    exit: EXIT.INVALID_INPUT,
  },
  CLI_GATE_CHOICE: {
    meaning: 'No gate was named, and the run does not have exactly one open gate.',
    exit: EXIT.INVALID_INPUT,
  },
  CLI_OUTPUT_NOT_FOUND: { meaning: 'The run or the step has no such output.', exit: EXIT.NOT_FOUND },
  CLI_SANDBOX_MISSING: {
    meaning: 'The machine cannot isolate the steps of a run without a server.',
    exit: EXIT.FAILED,
  },
  CLI_DATABASE_LOST: {
    meaning: 'The database server of a folder has ended while `taskrunner serve` was running.',
    exit: EXIT.FAILED,
  },
  CLI_CODE_UNKNOWN: { meaning: 'This version does not know the error code.', exit: EXIT.NOT_FOUND },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly exit: ExitCode }>>;

export type CliErrorCode = keyof typeof CLI_ERRORS;

/** An error of the command line with its remedy. */
export class CliError extends CodedError<CliErrorCode> {
  static {
    this.brand('CliError');
  }

  override readonly name = 'CliError';

  get exitCode(): ExitCode {
    return CLI_ERRORS[this.code].exit;
  }
}
