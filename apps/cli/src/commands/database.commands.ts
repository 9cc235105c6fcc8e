import type { Command } from 'commander';
import { isRunId, type RunId, type TenantId } from '@taskrunner/core';
import {
  configurationFileOf,
  databaseUrlsOf,
  holdRun,
  loadConfiguration,
  maintainDatabase,
  migrateDatabase,
  releaseRun,
  type Configuration,
  type Maintained,
} from '@taskrunner/infrastructure';
import { CliError } from '../terminal/cli-error';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { faultLines } from '../terminal/print-faults';
import { reportError } from '../terminal/report-error';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { withOutput } from './options';

interface Options {
  readonly config?: string;
  readonly output: string;
}

interface HoldOptions {
  readonly tenant: string;
  readonly reason: string;
}

const CONFIG = [
  '--config <file>',
  'configuration of the services; else TASKRUNNER_CONFIG, else the default place',
] as const;

/** `taskrunner migrate` and `taskrunner maintain`: what operators do on the database, each with the role for it. */
export function registerDatabase(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('migrate')
    .description('bring the database to this release, as its owner')
    .option(...CONFIG)
    .action(({ config }: Options) =>
      context.run(async () => {
        const { ran } = await migrateDatabase(urlOf('owner', (await settingsOf(config, context)).urls));
        terminal.print(ran.length === 0 ? 'nothing to do' : ran.join('\n'));
        return EXIT.OK;
      }),
    );

  const maintain = withOutput(program.command('maintain').option(...CONFIG), 'json')
    .description('daily upkeep: partitions of the days to come, and what is past retention')
    .option('--daily', 'go on, once a day')
    .action(({ config, output, daily }: Options & { readonly daily?: boolean }) =>
      context.run(async () => {
        const { urls, configuration } = await settingsOf(config, context);
        const upkeep = async (): Promise<ExitCode> => {
          const done = await maintainDatabase(urlOf('maintain', urls), configuration.retention);
          terminal.print(output === 'json' ? JSON.stringify(done) : told(done));
          return EXIT.OK;
        };
        if (!daily) return upkeep();
        for (;;) {
          await upkeep().catch((error: unknown) => reportError(error, terminal));
          await new Promise((resolve) => setTimeout(resolve, DAY_MS));
        }
      }),
    );
  held(maintain, 'hold')
    .description('keep all that there is of a run, whatever its age; in the audit')
    .requiredOption('--reason <text>', 'why, for instance the number of a case')
    .action((run: string, { tenant, reason }: HoldOptions, command: Command) =>
      context.run(async () => {
        const { urls } = await settingsOf(configOf(command), context);
        await holdRun(urlOf('maintain', urls), tenant as TenantId, runOf(run), reason);
        terminal.print(safeLine(`${run} is held`));
        return EXIT.OK;
      }),
    );
  held(maintain, 'release')
    .description('end a hold; in the audit')
    .action((run: string, { tenant }: HoldOptions, command: Command) =>
      context.run(async () => {
        const { urls } = await settingsOf(configOf(command), context);
        await releaseRun(urlOf('maintain', urls), tenant as TenantId, runOf(run));
        terminal.print(safeLine(`${run} is held no more`));
        return EXIT.OK;
      }),
    );
  for (const command of maintain.commands) command.copyInheritedSettings(program);
}

const DAY_MS = 86_400_000;

function held(maintain: Command, name: string): Command {
  return maintain
    .command(name)
    .argument('<run>', 'id of the run')
    .requiredOption('--tenant <name>', 'whose run it is')
    .option(...CONFIG);
}

/** `maintain` has this option too, and takes it wherever it stands. */
function configOf(command: Command): string | undefined {
  return command.optsWithGlobals<{ readonly config?: string }>().config;
}

function told({ partitions, runs, evidence, dropped, kept }: Maintained): string {
  return [
    `partitions made: ${partitions}, dropped: ${dropped}; removed runs: ${runs}, evidence: ${evidence}`,
    ...kept.map(({ day, runs: left }) => `${day} stays: ${left} of its runs are not archived`),
  ].join('\n');
}

interface Settings {
  readonly configuration: Configuration;
  readonly urls: Awaited<ReturnType<typeof databaseUrlsOf>>;
}

async function settingsOf(given: string | undefined, { env, terminal }: Context): Promise<Settings> {
  const reading = await loadConfiguration(given, env);
  if (reading.kind === 'read') {
    const { configuration } = reading;
    return { configuration, urls: await databaseUrlsOf(configuration) };
  }
  const file = configurationFileOf(given, env);
  for (const line of faultLines(reading.faults, file)) terminal.say(line);
  throw new CliError('CLI_CONFIG', `${file} is not valid`, 'Correct it; `taskrunner config check` tells all.');
}

function urlOf(role: 'owner' | 'maintain', urls: Settings['urls']): string {
  const url = urls[`${role}Url`];
  if (url !== undefined) return url;
  throw new CliError(
    'CLI_CONFIG',
    `how to connect as taskrunner_${role} is not configured`,
    `Set database.host and database.${role}PasswordFile, or database.${role}Url.`,
  );
}

function runOf(text: string): RunId {
  if (isRunId(text)) return text;
  throw new CliError('CLI_USAGE', `${text} is no id of a run`, 'Give it as `taskrunner run` printed it.');
}
