import type { ApiProblem } from '@taskrunner/client';
import { isCodedError } from '@taskrunner/core/foundation';
import { failureOf, isRefusal } from '../server/failure';
import { CannotDecide } from '../decisions/may-decide';
import { CliError } from './cli-error';
import { EXIT, exitOfProblem, type ExitCode } from './exit-code';
import { withInputHints, type InputRules } from '../packs/input-hints';
import { faultLines } from './print-faults';
import { safeBlock, safeLine } from './safe-text';
import type { Terminal } from './terminal';

/** Codes of faults in files and options that the command line names. */
const OF_CALLER = /^(ARCHIVE|DOC|EVIDENCE|TRUST|KEY|ENVELOPE|PACK|DEV_CONFIG|DEV_PORT)_/;

/** File system errors that are caused by the caller or the machine. */
const FILE_ERRORS: ReadonlySet<unknown> = new Set([
  ...['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'ELOOP', 'ENAMETOOLONG'],
  ...['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE', 'EIO', 'ESTALE', 'EXDEV'],
]);

/** A file system error of this kind is not a bug; null for any other error. */
function refusedFile(error: unknown): CliError | null {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  if (!FILE_ERRORS.has(code) || typeof syscall !== 'string' || syscall === 'connect') return null;
  return new CliError(
    'CLI_FILE',
    String(message),
    'Check that the path exists, that this user can access it, and that the file system has free space.',
  );
}

/** Remedies for people at a command line, where those of the API are for programs. */
const OUR_REMEDIES: Readonly<Partial<Record<string, string>>> = {
  TOKEN_INVALID:
    'Get a new token: sign in with `taskrunner login`. `taskrunner dev token NAME` prints one of a development server.',
  SCOPE_MISSING:
    'Use the token of a person who has this scope. `taskrunner whoami` prints the scopes of yours; `taskrunner login --scope` asks for others.',
};

/** A remedy of the API names the member of its answer. Here the errors are lines. */
function inOurWords(code: string, remediation: string): string {
  return OUR_REMEDIES[code] ?? remediation.replace('listed in `errors`', 'listed below');
}

/** An answer without a code of ours, of a status that no proxy of a TaskRunner server has a reason to send; null for any other. */
function otherServer({ code, status }: { readonly code: string; readonly status: number }): CliError | null {
  if (code !== `HTTP_${status}` || ![400, 404, 405, 410, 501].includes(status)) return null;
  return new CliError(
    'CLI_SERVER_OTHER',
    `this is not a TaskRunner server: it answered with status ${status}`,
    'Check TASKRUNNER_SERVER or --server. `taskrunner dev` prints the address of a development server.',
  );
}

/** True if the only error of a refusal is about a whole member of the request, and says the same as the refusal. */
function isSaid({ code, detail, remediation, errors }: ApiProblem): boolean {
  const [only, ...others] = errors;
  if (only === undefined || others.length > 0 || only.path.lastIndexOf('/') > 0) return false;
  return only.code === code && only.message === detail && only.remediation === remediation;
}

/**
 * Reports an error on stderr and returns the exit code. Bugs are reported with a stack; expected errors have a code and a remedy.
 * `inputs`: declarations of the inputs, for remedies.
 */
export function reportError(error: unknown, terminal: Terminal, file = '', inputs: InputRules = []): ExitCode {
  if (isRefusal(error)) {
    const elsewhere = otherServer(error);
    if (elsewhere !== null) return reportError(elsewhere, terminal);
    terminal.say(safeLine(`${error.code} ${error.detail}`));
    if (error.remediation !== null) terminal.say(safeLine(`help: ${inOurWords(error.code, error.remediation)}`));
    const errors = isSaid(error) ? [] : error.errors;
    for (const line of faultLines(withInputHints(errors, inputs), file)) terminal.say(line);
    if (error.traceId !== null && error.status >= 500) terminal.say(safeLine(`trace: ${error.traceId}`));
    return exitOfProblem(error);
  }
  const failure = failureOf(error);
  if (failure !== null) return reportError(failure, terminal, file);
  if (isCodedError(error)) {
    for (const line of linesOf(`${error.code} ${error.message}`)) terminal.say(line);
    terminal.say(safeLine(`help: ${error.remediation}`));
    for (const line of faultLines(error.faults, file)) terminal.say(line);
    if (CliError.is(error) || CannotDecide.is(error)) return error.exitCode;
    if (error.code === 'PACK_NOT_FOUND' || error.code === 'DB_RUN_UNKNOWN') return EXIT.NOT_FOUND;
    if (error.code === 'REGISTRY_DENIED') return EXIT.DENIED;
    if (error.code === 'REGISTRY_UNAVAILABLE') return EXIT.RETRYABLE;
    return OF_CALLER.test(error.code) ? EXIT.INVALID_INPUT : EXIT.FAILED;
  }
  const ofFile = refusedFile(error);
  if (ofFile !== null) return reportError(ofFile, terminal, file);
  const bug = `CLI_BUG ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  terminal.say(linesOf(bug).join('\n'));
  terminal.say('help: This is a bug. Report it together with the text above.');
  return EXIT.INTERNAL;
}

/** A message for a terminal. It can contain texts of others: only its first line begins at the margin, so that none can pass for ours. */
function linesOf(text: string): readonly string[] {
  const [first = '', ...others] = text.split('\n');
  return [safeLine(first), ...others.map((line) => safeBlock(line))];
}
