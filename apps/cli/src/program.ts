import { runProgram, type Invocation, type Register } from './command-line';
import { completeHelp } from './help/complete-help';
import { registerSummaries } from './help/summaries';
import type { ExitCode } from './terminal/exit-code';

export type { Invocation };

/** The words of commands that talk to a server. */
const OF_SERVERS = [
  ...['run', 'logs', 'show', 'list', 'wait', 'cancel', 'whoami', 'outputs', 'gates', 'approvals', 'approve', 'reject'],
  ...['withdraw', 'rerun', 'release', 'resolve', 'artifacts', 'evidence', 'schedule'],
];

/**
 * Command factories in the order of the help, by the first words of the command line that they register. Only the meant ones are loaded,
 * because loading all takes most of a second.
 */
export const COMMANDS: readonly (readonly [readonly string[], () => Promise<Register>])[] = [
  [['init'], async () => (await import('./commands/init.command.js')).registerInit],
  [['validate'], async () => (await import('./commands/validate.command.js')).registerValidate],
  [['plan'], async () => (await import('./commands/plan.command.js')).registerPlan],
  [['simulate'], async () => (await import('./commands/simulate.command.js')).registerSimulate],
  [['diff'], async () => (await import('./commands/diff.command.js')).registerDiff],
  [['graph'], async () => (await import('./commands/graph.command.js')).registerGraph],
  [['test'], async () => (await import('./commands/test.command.js')).registerTest],
  [OF_SERVERS, async () => (await import('./commands/server-commands.js')).registerServerCommands],
  [['forget'], async () => (await import('./commands/local/forget.command.js')).registerForget],
  [
    ['login', 'logout', 'context'],
    async () => (await import('./commands/session/session.commands.js')).registerSession,
  ],
  [['pack'], async () => (await import('./commands/pack.command.js')).registerPack],
  [['audit'], async () => (await import('./commands/audit.commands.js')).registerAudit],
  [['verify'], async () => (await import('./commands/evidence-commands.js')).registerVerifyWithCedar],
  [['inspect'], async () => (await import('./commands/evidence-commands.js')).registerInspectWithCedar],
  [['key'], async () => (await import('./commands/key.command.js')).registerKey],
  [['config'], async () => (await import('./commands/config.command.js')).registerConfig],
  [['serve'], async () => (await import('./commands/serve.command.js')).registerServe],
  [['migrate', 'maintain'], async () => (await import('./commands/database/database.commands.js')).registerDatabase],
  [['dev'], async () => (await import('./commands/dev.command.js')).registerDev],
  [['completion'], async () => (await import('./commands/completion.command.js')).registerCompletion],
  [['explain'], async () => (await import('./help/explain.command.js')).registerExplain],
  [['schema'], async () => (await import('./commands/schema.command.js')).registerSchema],
];

/** Completes all commands, so all are loaded for it. */
const OF_ALL = 'completion';

/** The factories that a command line needs; null: none, because it names no command. */
function factoriesOf(words: readonly string[]): readonly (() => Promise<Register>)[] | null {
  const [first = '', second = ''] = words;
  const word = first === 'help' ? second : first;
  const named = word === OF_ALL ? COMMANDS : COMMANDS.filter(([known]) => known.includes(word));
  return named.length > 0 ? named.map(([, load]) => load) : null;
}

/** Runs one command line. Resolves to the exit code; never rejects. */
export async function runCommandLine(invocation: Invocation): Promise<ExitCode> {
  const factories = factoriesOf(invocation.arguments.filter((word) => !word.startsWith('-')));
  const commands: Register[] = [];
  for (const load of factories ?? []) commands.push(await load());
  return runProgram(
    {
      name: 'taskrunner',
      description: 'Plan, approve and run Task Packs, and verify their evidence offline.',
      complete: completeHelp,
    },
    factories === null ? [registerSummaries] : commands,
    invocation,
  );
}
