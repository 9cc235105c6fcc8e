import { runProgram, type Invocation, type Register } from './command-line';
import { completeHelp } from './help/complete-help';
import type { ExitCode } from './terminal/exit-code';

export type { Invocation };

/** Command factories by the first word of the command line. Only the meant ones are loaded, because loading all takes most of a second. */
export const COMMANDS: readonly (readonly [string | null, () => Promise<Register>])[] = [
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
  ['verify', async () => (await import('./commands/evidence-commands.js')).registerVerifyWithCedar],
  ['inspect', async () => (await import('./commands/evidence-commands.js')).registerInspectWithCedar],
  ['key', async () => (await import('./commands/key.command.js')).registerKey],
  ['config', async () => (await import('./commands/config.command.js')).registerConfig],
  [null, async () => (await import('./commands/database.commands.js')).registerDatabase],
  [null, async () => (await import('./commands/dev.command.js')).registerDev],
  // Completes all commands, so all are loaded for it.
  [null, async () => (await import('./commands/completion.command.js')).registerCompletion],
  ['explain', async () => (await import('./help/explain.command.js')).registerExplain],
  ['schema', async () => (await import('./commands/schema.command.js')).registerSchema],
];

/** All commands in the order of the help, or only those that the command line names. */
function commandsOf(word: string | undefined): readonly (() => Promise<Register>)[] {
  const named = COMMANDS.filter(([name]) => name !== null && name === word);
  return (named.length > 0 ? named : COMMANDS).map(([, load]) => load);
}

/** Runs one command line. Resolves to the exit code; never rejects. */
export async function runCommandLine(invocation: Invocation): Promise<ExitCode> {
  const commands: Register[] = [];
  for (const load of commandsOf(invocation.arguments[0])) commands.push(await load());
  return runProgram(
    {
      name: 'taskrunner',
      description: 'Plan, approve and run Task Packs, and verify their evidence offline.',
      complete: completeHelp,
    },
    commands,
    invocation,
  );
}
