import type { Command } from 'commander';
import { nearestName } from '@taskrunner/core/foundation';
import { explainCode, explainedCodes } from '@taskrunner/core/operations';
import { CLI_ERRORS, CliError } from '../terminal/cli-error';
import { hintAs } from '../terminal/hints/called-as';
import { EXIT, exitOfProblem } from '../terminal/exit-code';
import type { Context } from '../commands/context';
import { printAs, withOutput } from '../commands/options';
import { CLI_REMEDIES, CODES_OF_OPERATION, CODES_OF_RUNS } from './further-codes';

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
          hintAs(`help: ${found.remediation}`, context.terminal.calledAs ?? 'taskrunner'),
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

/** Codes of steps, runs, files and services; null: not known. */
function furtherCode(code: string) {
  const [, exit] = /^EXIT_(\d{1,3})$/.exec(code) ?? [];
  if (exit !== undefined && Number(exit) <= 255) return exitOfStep(Number(exit));
  const found = FURTHER.find(([, , codes]) => codes.split(' ').includes(code));
  return found === undefined ? null : { meaning: found[0], remediation: found[1] };
}

const FURTHER = [...CODES_OF_RUNS, ...CODES_OF_OPERATION];

function exitOfStep(exit: number) {
  const special: Readonly<Record<number, string>> = {
    75: ' It says that the failure is temporary (EX_TEMPFAIL).',
    78: ' It says that another attempt cannot succeed (EX_CONFIG), so it is not retried.',
  };
  return {
    meaning: `The program of a step ended with exit code ${exit}.${special[exit] ?? ''}`,
    remediation: 'See what it wrote: `taskrunner logs RUN --step STEP`. What the code means is up to the program.',
  };
}

/** Every code with a meaning, except the exit codes of steps. */
function knownCodes(): readonly string[] {
  return [...explainedCodes(), ...Object.keys(CLI_ERRORS), ...FURTHER.flatMap(([, , codes]) => codes.split(' '))];
}

function isCliError(code: string): code is keyof typeof CLI_ERRORS {
  return Object.hasOwn(CLI_ERRORS, code);
}
