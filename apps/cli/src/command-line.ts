import { Command, CommanderError } from 'commander';
import type { Context } from './commands/context';
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

/** Runs one command line of a program with these commands. Resolves to the exit code; never rejects. */
export async function runProgram(
  { name, description }: { readonly name: string; readonly description: string },
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
    .showHelpAfterError('(use --help for usage)')
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.say(text.replace(/\n$/, '')),
      outputError: (text, write) => write(text.replace(/^error: /, 'CLI_USAGE ')),
    })
    .exitOverride();
  for (const register of commands) register(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...supplied], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, terminal);
    exit = error.exitCode === 0 ? EXIT.OK : EXIT.INVALID_INPUT;
  }
  return exit;
}
