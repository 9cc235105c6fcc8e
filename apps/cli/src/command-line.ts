import { Command, CommanderError, Help, type Option } from 'commander';
import type { Context } from './commands/context';
import { refuseSecondValues } from './single-valued';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { reportError } from './terminal/report-error';
import type { Terminal } from './terminal/terminal';

/** Inputs of the command line. */
export interface Invocation {
  readonly arguments: readonly string[];
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readStdin: () => Promise<Uint8Array>;
  readonly version: string;
  /** The script of a second thread that runs checks of evidence; without it one thread runs all. */
  readonly checkThread?: string | URL;
}

/** Adds commands to a program. */
export type Register = (program: Command, context: Context) => void;

/** What a program is called, and what is added to its commands after all are registered. */
interface ProgramFacts {
  readonly name: string;
  readonly description: string;
  readonly complete?: (program: Command) => void;
}

/** Runs one command line of a program with these commands. Resolves to the exit code; never rejects. */
export async function runProgram(
  { name, description, complete }: ProgramFacts,
  commands: readonly Register[],
  { arguments: supplied, terminal, env, readStdin, version, checkThread }: Invocation,
): Promise<ExitCode> {
  let exit: ExitCode = EXIT.OK;
  const context: Context = {
    terminal,
    program: { name, version },
    env,
    readStdin,
    checkThread,
    run: async (body, file = '') => {
      try {
        exit = await body();
      } catch (error) {
        exit = reportError(error, terminal, file);
      }
    },
  };
  const program = new Command(name)
    .description(description)
    .version(version)
    .showHelpAfterError('help: See the usage with --help.')
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.say(text.replace(/\n$/, '')),
      outputError: (text, write) =>
        write(text.replace(/^error: /, 'CLI_USAGE ').replace(/\n\((Did you mean .+\?)\)/, '\nhelp: $1')),
    })
    .configureHelp({ optionDescription: describeOption })
    .exitOverride();
  for (const register of commands) register(program, context);
  inheritSettings(program);
  refuseSecondValues(program);
  complete?.(program);
  try {
    await program.parseAsync([...supplied], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, terminal);
    exit = error.exitCode === 0 ? EXIT.OK : EXIT.INVALID_INPUT;
  }
  return exit;
}

/** At every depth. */
function inheritSettings(program: Command): void {
  for (const command of program.commands) {
    command.copyInheritedSettings(program);
    inheritSettings(command);
  }
}

/** Marks the options that a command cannot do without. */
function describeOption(this: Help, option: Option): string {
  const text = Help.prototype.optionDescription.call(this, option);
  return option.mandatory ? `(required) ${text}` : text;
}
