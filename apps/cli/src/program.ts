import { Command, CommanderError } from 'commander';
import type { Context } from './commands/context';
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

type Register = (program: Command, context: Context) => void;

/** What makes commands, by the first word of those that are loaded alone where they are meant: all of them take most of a second. */
const COMMANDS: readonly (readonly [string | null, () => Promise<Register>])[] = [
  ['init', async () => (await import('./commands/init.command.js')).registerInit],
  ['validate', async () => (await import('./commands/validate.command.js')).registerValidate],
  ['plan', async () => (await import('./commands/plan.command.js')).registerPlan],
  ['simulate', async () => (await import('./commands/simulate.command.js')).registerSimulate],
  ['diff', async () => (await import('./commands/diff.command.js')).registerDiff],
  ['graph', async () => (await import('./commands/graph.command.js')).registerGraph],
  ['test', async () => (await import('./commands/test.command.js')).registerTest],
  [null, async () => (await import('./commands/server-commands.js')).registerServerCommands],
  ['pack', async () => (await import('./commands/pack.command.js')).registerPack],
  ['audit', async () => (await import('./commands/audit.commands.js')).registerAudit],
  ['verify', async () => (await import('./commands/verify.command.js')).registerVerify],
  ['config', async () => (await import('./commands/config.command.js')).registerConfig],
  [null, async () => (await import('./commands/database.commands.js')).registerDatabase],
  [null, async () => (await import('./commands/dev.command.js')).registerDev],
  ['schema', async () => (await import('./commands/schema.command.js')).registerSchema],
];

/** All of them, in the order of the help, unless the line names one. */
function commandsOf(word: string | undefined): readonly (() => Promise<Register>)[] {
  const named = COMMANDS.filter(([name]) => name !== null && name === word);
  return (named.length > 0 ? named : COMMANDS).map(([, load]) => load);
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
  for (const load of commandsOf(given[0])) (await load())(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...given], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, terminal);
    exit = error.exitCode === 0 ? EXIT.OK : EXIT.INVALID_INPUT;
  }
  return exit;
}
