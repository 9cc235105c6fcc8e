import { Command, CommanderError } from 'commander';
import type { Context } from './commands/context';
import { registerConfig } from './commands/config.command';
import { registerDatabase } from './commands/database.commands';
import { registerDev } from './commands/dev.command';
import { registerDiff } from './commands/diff.command';
import { registerGraph } from './commands/graph.command';
import { registerInit } from './commands/init.command';
import { registerPack } from './commands/pack.command';
import { registerPlan } from './commands/plan.command';
import { registerSchema } from './commands/schema.command';
import { registerServerCommands } from './commands/server-commands';
import { registerSimulate } from './commands/simulate.command';
import { registerTest } from './commands/test.command';
import { registerValidate } from './commands/validate.command';
import { registerVerify } from './commands/verify.command';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { reportError } from './terminal/report-error';
import type { Terminal } from './terminal/terminal';

/** What the command line is given. */
export interface Invocation {
  readonly arguments: readonly string[];
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readStdin: () => Promise<Uint8Array>;
  readonly version: string;
}

/** Runs one command line. Resolves to the exit code; never rejects. */
export async function runCommandLine({
  arguments: given,
  terminal,
  env,
  readStdin,
  version,
}: Invocation): Promise<ExitCode> {
  let exit: ExitCode = EXIT.OK;
  const context: Context = {
    terminal,
    env,
    readStdin,
    run: async (body, file = '') => {
      try {
        exit = await body();
      } catch (error) {
        exit = reportError(error, terminal, file);
      }
    },
  };
  const program = new Command('taskrunner')
    .description('Task Packs: planned to a hash, approved against that hash, executed durably, evidenced offline.')
    .version(version)
    .showHelpAfterError('(--help shows how it is used)')
    .configureOutput({
      writeOut: (text) => terminal.print(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.say(text.replace(/\n$/, '')),
      outputError: (text, write) => write(text.replace(/^error: /, 'CLI_USAGE ')),
    })
    .exitOverride();
  registerInit(program, context);
  registerValidate(program, context);
  registerPlan(program, context);
  registerSimulate(program, context);
  registerDiff(program, context);
  registerGraph(program, context);
  registerTest(program, context);
  registerServerCommands(program, context);
  registerPack(program, context);
  registerVerify(program, context);
  registerConfig(program, context);
  registerDatabase(program, context);
  registerDev(program, context);
  registerSchema(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...given], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, terminal);
    exit = error.exitCode === 0 ? EXIT.OK : EXIT.INVALID_INPUT;
  }
  return exit;
}
