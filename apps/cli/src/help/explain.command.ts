import type { Command } from 'commander';
import { nearestName } from '@taskrunner/core/foundation';
import { explainCode, explainedCodes } from '@taskrunner/core/operations';
import { CLI_ERRORS, CliError } from '../terminal/cli-error';
import { EXIT, exitOfProblem } from '../terminal/exit-code';
import type { Context } from '../commands/context';
import { printAs, withOutput } from '../commands/options';

/** `explain`: what an error code means. */
export function registerExplain(program: Command, context: Context): void {
  withOutput(program.command('explain <code>'))
    .description('explain an error code: meaning, HTTP status, exit code and remedy; needs no server')
    .action((written: string, options: { readonly output: string }) =>
      context.run(async () => {
        const found = explain(written.trim().toUpperCase());
        printAs(context, options, found, () => [
          `${found.code}: ${found.meaning}`,
          ...(found.status === null
            ? []
            : [`HTTP status: ${found.status}${found.retryable ? ', can be repeated' : ''}`]),
          ...(found.exitCode === null ? [] : [`exit code: ${found.exitCode}`]),
          `help: ${found.remediation}`,
        ]);
        return EXIT.OK;
      }),
    );
}

/** Throws `CLI_CODE_UNKNOWN`. */
function explain(code: string) {
  const known = explainCode(code);
  if (known !== null) {
    const { status, retryable } = known;
    return { ...known, exitCode: status === null ? null : exitOfProblem({ status, code, retryable }) };
  }
  if (isCliError(code)) {
    const { meaning, exit } = CLI_ERRORS[code];
    const remediation = 'The error itself has the remedy, in the line that begins with help.';
    return { code, meaning, status: null, remediation, retryable: exit === EXIT.RETRYABLE, exitCode: exit };
  }
  const nearest = nearestName(code, [...explainedCodes(), ...Object.keys(CLI_ERRORS)]);
  throw new CliError(
    'CLI_CODE_UNKNOWN',
    `this version does not know the code ${code}`,
    nearest === null
      ? 'Codes that steps or executors return are explained by their packs. For others, see the documentation.'
      : `Did you mean ${nearest}?`,
  );
}

function isCliError(code: string): code is keyof typeof CLI_ERRORS {
  return Object.hasOwn(CLI_ERRORS, code);
}
