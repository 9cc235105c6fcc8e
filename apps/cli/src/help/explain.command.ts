import type { Command } from 'commander';
import { nearestName } from '@taskrunner/core/foundation';
import { explainCode, explainedCodes, type ExplainedCode } from '@taskrunner/core/operations';
import { CLI_ERRORS, CliError } from '../terminal/cli-error';
import { hintAs } from '../terminal/hints/called-as';
import { EXIT, exitOfProblem } from '../terminal/exit-code';
import type { Context } from '../commands/context';
import { printAs, withOutput } from '../commands/options';
import { CLI_REMEDIES, CODES_OF_OPERATION, CODES_OF_RUNS, furtherCode } from './further-codes';

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
          ...exampleLines(found),
          hintAs(`help: ${found.remediation}`, context.terminal.calledAs ?? 'taskrunner'),
        ]);
        return EXIT.OK;
      }),
    );
}

function exampleLines({ example }: Pick<ExplainedCode, 'example'>): readonly string[] {
  const indented = (text: string): readonly string[] => text.split('\n').map((line) => `  ${line}`);
  return example === undefined ? [] : ['example:', ...indented(example.wrong), 'correct:', ...indented(example.right)];
}

/** Throws `CLI_CODE_UNKNOWN`. */
function explain(code: string): ExplainedCode & { readonly exitCode: number | null } {
  const known = explainCode(code);
  if (known !== null) {
    const { status, retryable } = known;
    return { ...known, exitCode: status === null ? null : exitOfProblem({ status, code, retryable }) };
  }
  if (isCliError(code)) {
    const { meaning, exit } = CLI_ERRORS[code];
    return {
      code,
      meaning,
      status: null,
      remediation: CLI_REMEDIES[code],
      retryable: exit === EXIT.RETRYABLE,
      exitCode: exit,
    };
  }
  const further = furtherCode(code);
  if (further !== null) return { code, ...further, status: null, retryable: false, exitCode: null };
  const nearest = nearestName(code, knownCodes());
  throw new CliError(
    'CLI_CODE_UNKNOWN',
    `this version does not know the code ${code}`,
    nearest === null
      ? 'Codes that steps or executors return are explained by their packs. For others, see the documentation.'
      : `Did you mean ${nearest}?`,
  );
}

const FURTHER = [...CODES_OF_RUNS, ...CODES_OF_OPERATION];

/** Every code with a meaning, except the exit codes of steps. */
function knownCodes(): readonly string[] {
  return [...explainedCodes(), ...Object.keys(CLI_ERRORS), ...FURTHER.flatMap(([, , codes]) => codes.split(' '))];
}

function isCliError(code: string): code is keyof typeof CLI_ERRORS {
  return Object.hasOwn(CLI_ERRORS, code);
}
