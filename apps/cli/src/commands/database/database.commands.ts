import type { Command } from 'commander';
import type { TenantId } from '@taskrunner/core/foundation';
import {
  holdRun,
  maintainDatabase,
  migrateDatabase,
  releaseRun,
  type Maintained,
} from '@taskrunner/infrastructure/postgres';
import { EXIT, type ExitCode } from '../../terminal/exit-code';
import { reportError } from '../../terminal/report-error';
import { registerBackup } from './backup.commands';
import { registerImport } from './import.command';
import type { Context } from '../context';
import { CONFIG, configOf, inRole, runOf, sayWaiting, settingsOf } from './database-settings';
import { formatOf, isJson, printAs, withOutput } from '../options';

interface Options {
  readonly config?: string;
  readonly output: string;
}

interface HoldOptions {
  readonly tenant: string;
  readonly reason: string;
}

/** `taskrunner migrate` and `taskrunner maintain`: the database tasks of operators, each with its role. */
export function registerDatabase(program: Command, context: Context): void {
  const { terminal } = context;
  withOutput(program.command('migrate'))
    .description('migrate the database to this release, with the owner role')
    .option(...CONFIG)
    .action(({ config, output }: Options) =>
      context.run(async () => {
        const configuration = await settingsOf(config, context);
        const { ran } = await inRole('owner', configuration, (url) => migrateDatabase(url, sayWaiting(terminal)), {
          creates: true,
        });
        printAs(context, { output }, { ran }, () => (ran.length === 0 ? ['the database is up to date'] : ran));
        return EXIT.OK;
      }),
    );

  const maintain = withOutput(program.command('maintain').option(...CONFIG))
    .description('run daily maintenance: create partitions and delete data past its retention')
    .option('--daily', 'keep running, and repeat once a day')
    .action(({ config, output, daily }: Options & { readonly daily?: boolean }) =>
      context.run(async () => {
        const configuration = await settingsOf(config, context);
        const upkeep = async (): Promise<ExitCode> => {
          const done = await inRole('maintain', configuration, (url) =>
            maintainDatabase(url, configuration.retention, sayWaiting(terminal)),
          );
          terminal.print(isJson({ output }) ? JSON.stringify(done) : describeMaintained(done));
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
    .description('keep all data of a run regardless of its age; recorded in the audit chain')
    .requiredOption('--reason <text>', 'reason, such as a case number')
    .action((run: string, { tenant, reason }: HoldOptions, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        await inRole('maintain', configuration, (url) => holdRun(url, tenant as TenantId, runOf(run), reason));
        printAs(context, formatOf(command), { runId: run, held: true }, () => [`${run} is held`]);
        return EXIT.OK;
      }),
    );
  held(maintain, 'release')
    .description('end the hold of a run; recorded in the audit chain')
    .action((run: string, { tenant }: HoldOptions, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        await inRole('maintain', configuration, (url) => releaseRun(url, tenant as TenantId, runOf(run)));
        printAs(context, formatOf(command), { runId: run, held: false }, () => [`${run} is no longer held`]);
        return EXIT.OK;
      }),
    );
  registerBackup(maintain, context);
  registerImport(maintain, context);
  for (const command of maintain.commands) command.copyInheritedSettings(program);
}

const DAY_MS = 86_400_000;

function held(maintain: Command, name: string): Command {
  return withOutput(maintain.command(name).argument('<run>', 'run id'))
    .requiredOption('--tenant <name>', 'tenant of the run')
    .option(...CONFIG);
}

function describeMaintained(done: Maintained): string {
  const { partitions, runs, evidence, plans, plansLeft, dropped, kept } = done;
  return [
    `partitions created: ${partitions}, dropped: ${dropped}; runs deleted: ${runs}, evidence deleted: ${evidence}, unused plans deleted: ${plans}`,
    ...(plansLeft > 0
      ? [
          `${plansLeft} unused plans are kept until this command runs again: transactions that store runs did not end in time`,
        ]
      : []),
    ...kept.map(({ day, runs: left }) => `${day} is kept: ${left} of its runs are not archived`),
  ].join('\n');
}
