import { isDigest, toRunId, type Digest, type TenantId } from '@taskrunner/core/foundation';
import { CronerCalendar } from '@taskrunner/infrastructure/calendar';
import { keyPathsOf } from '@taskrunner/infrastructure/configuration';
import { namingStore, openExistingObjectStore, openObjectStore } from '@taskrunner/infrastructure/object-store';
import {
  adoptObjectStore,
  backUpDatabase,
  restoreDatabase,
  RESTORED_KEYS,
  RESTORED_OBJECTS,
  resumeRuns,
  settleRecovered,
  type AdoptedStore,
  type BackedUp,
  type DamagedRow,
  type LostReference,
  type RestoredDatabase,
  type RestoredKeys,
  type RestoredObjects,
  type Settled,
} from '@taskrunner/infrastructure/postgres';
import { keysAtHand } from '@taskrunner/infrastructure/signing';
import { Option, type Command } from 'commander';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { safeLine } from '../../terminal/safe-text';
import type { Terminal } from '../../terminal/terminal';
import type { Context } from '../context';
import { CONFIG, configOf, inRole, runOf, sayWaiting, settingsOf } from './database-settings';
import { formatOf, isJson, printAs, withOutput } from '../options';

/** `taskrunner maintain backup`, `restore`, `settle`, `adopt-store` and `resume`, with the role `maintain` and the object store of the configuration. */
export function registerBackup(maintain: Command, context: Context): void {
  const { terminal } = context;
  withOutput(maintain.command('backup').argument('<folder>', 'folder to create; its parent must exist'))
    .description('back up the database while the services run; keys are not included')
    .option(...CONFIG)
    .option('--with-objects', 'also copy the objects that the rows refer to')
    .action((folder: string, { withObjects }: { readonly withObjects?: boolean }, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        const { artifacts } = configuration;
        const interrupt = interruptible();
        const made = await namingStore(artifacts, () =>
          inRole('maintain', configuration, async (url) =>
            backUpDatabase(url, {
              folder,
              product: context.program.version,
              objects: await openExistingObjectStore(artifacts),
              copyObjects: withObjects === true,
              signal: interrupt.signal,
              onWaiting: sayWaiting(terminal),
              onLost: (lost) => terminal.say(safeLine(describeLost(lost))),
              onDamaged: (row) => terminal.say(safeLine(describeDamaged(row))),
            }),
          ),
        ).finally(interrupt.close);
        const { manifest, digest } = made;
        if (wantsJson(command)) terminal.print(JSON.stringify({ digest, manifest }));
        else for (const line of describeBackup(made)) terminal.print(safeLine(line));
        const { lost, altered } = manifest.objects;
        const damaged = manifest.damaged ?? 0;
        if (lost + altered + damaged === 0) return EXIT.OK;
        terminal.say(
          `lost objects: ${lost}, altered objects: ${altered}, damaged rows: ${damaged}. The backup is otherwise complete.`,
        );
        return EXIT.FAILED;
      }),
    );
  withOutput(maintain.command('restore').argument('<folder>', 'folder of the backup'))
    .description('restore a backup to an empty, migrated database; stop all services first')
    .option(...CONFIG)
    .addOption(
      new Option(
        '--objects <what>',
        'check: fail if an object is missing; copy: copy objects from the backup; report: list missing objects and continue',
      )
        .choices(RESTORED_OBJECTS)
        .default('check'),
    )
    .addOption(
      new Option('--keys <what>', 'check: fail if a key is missing; report: list missing keys and continue')
        .choices(RESTORED_KEYS)
        .default('check'),
    )
    .option('--digest <digest>', 'expected digest of manifest.json, as printed by `backup`')
    .action((folder: string, supplied: RestoreSupplied, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        const { artifacts } = configuration;
        // A new installation has no store yet: copying creates it.
        const openStore = supplied.objects === 'copy' ? openObjectStore : openExistingObjectStore;
        const keys = await keysAtHand(keyPathsOf(configuration));
        const done = await namingStore(artifacts, () =>
          inRole(
            'maintain',
            configuration,
            async (url) =>
              restoreDatabase(url, {
                folder,
                objects: await openStore(artifacts),
                mode: supplied.objects,
                keys,
                keysMode: supplied.keys,
                calendar: new CronerCalendar(),
                onWaiting: sayWaiting(terminal),
                expected: supplied.digest === undefined ? null : digestIn(supplied.digest),
              }),
            { creates: true },
          ),
        );
        if (wantsJson(command)) terminal.print(JSON.stringify(inJson(done)));
        else for (const line of describeRestore(done)) terminal.print(safeLine(line));
        if (!wantsJson(command)) sayNext(done, terminal);
        return EXIT.OK;
      }),
    );
  withOutput(maintain.command('settle'))
    .description('reset runs, workers and schedules after the database was recovered without `restore`')
    .option(...CONFIG)
    .action((_: object, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        const done = await inRole('maintain', configuration, (url) =>
          settleRecovered(url, new CronerCalendar(), sayWaiting(terminal)),
        );
        if (wantsJson(command)) terminal.print(JSON.stringify(done));
        else for (const line of describeRuns(done)) terminal.print(safeLine(line));
        if (!wantsJson(command)) sayNext(done, terminal);
        return EXIT.OK;
      }),
    );
  withOutput(maintain.command('adopt-store'))
    .description(
      'make the configured object store that of the installation, after objects were lost or copied without its id, or the database was lost',
    )
    .option(...CONFIG)
    .action((_: object, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        const { artifacts } = configuration;
        const adopted = await namingStore(artifacts, () =>
          inRole(
            'maintain',
            configuration,
            async (url) => adoptObjectStore(url, await openObjectStore(artifacts), sayWaiting(terminal)),
            { creates: true },
          ),
        );
        printAs(context, formatOf(command), adopted, () => describeAdopted(adopted).map(safeLine));
        return EXIT.OK;
      }),
    );
  withOutput(maintain.command('resume'))
    .description('resume runs that were stopped by a restore; recorded in the audit chain')
    .argument('[run]', 'run id (default: all stopped runs of the tenant)')
    .requiredOption('--tenant <name>', 'tenant of the runs')
    .requiredOption('--reason <text>', 'reason, such as the external systems that were checked')
    .option(...CONFIG)
    .action((run: string | undefined, { tenant, reason }: ResumeSupplied, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        const of = { tenant: tenant as TenantId, run: run === undefined ? null : runOf(run), reason };
        const items = await inRole('maintain', configuration, (url) => resumeRuns(url, of));
        printAs(context, formatOf(command), { items }, () => items.map((resumed) => `${resumed} is resumed`));
        return EXIT.OK;
      }),
    );
}

/** Aborts when the process is told to end; a second signal ends it at once. */
export function interruptible(): { readonly signal: AbortSignal; readonly close: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const name of INTERRUPTS) process.once(name, abort);
  return {
    signal: controller.signal,
    close: () => {
      for (const name of INTERRUPTS) process.off(name, abort);
    },
  };
}

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface RestoreSupplied {
  readonly objects: RestoredObjects;
  readonly keys: RestoredKeys;
  readonly digest?: string;
}

interface ResumeSupplied {
  readonly tenant: string;
  readonly reason: string;
}

function wantsJson(command: Command): boolean {
  return isJson(formatOf(command));
}

function digestIn(text: string): Digest {
  if (isDigest(text)) return text;
  throw new CliError(
    'CLI_USAGE',
    `${text} is not a digest`,
    'Use the digest that `taskrunner maintain backup` printed.',
  );
}

/** One line for a row that is not backed up or restored as it was. */
export function describeDamaged({ table, row, reason }: DamagedRow): string {
  return `ROW_DAMAGED ${table} ${row}: ${reason}`;
}

/** The line for an object that a store has lost. */
export function describeLost({ tenant, run, digest, what }: LostReference): string {
  const of = `${digest} of ${tenant} ${run === null ? 'schedules' : toRunId(run)}`;
  return what === 'missing' ? `the object store does not have ${of}` : `altered in the object store: ${of}`;
}

function describeAdopted({ id, absent }: AdoptedStore): readonly string[] {
  return [
    `the object store of this installation is ${id ?? 'one that keeps no id'}`,
    `objects that it does not have: ${absent.length}`,
    ...absent.map(describeLost),
    'objects that no row of this database refers to are deleted after artifacts.grace',
  ];
}

function describeBackup({ manifest, digest }: BackedUp): readonly string[] {
  const { takenAt, tables, objects, keys } = manifest;
  const rows = tables.reduce((sum, one) => sum + one.rows, 0);
  return [
    `backed up ${rows} rows of ${tables.length} tables as of ${takenAt}`,
    `references to objects: ${objects.rows}, ${copiedText(objects)}`,
    'keys are not included. A restore needs:',
    ...keys.map(({ key, ids }) => `  ${key}${ids.length > 0 ? ` ${ids.join(', ')}` : ''}`),
    `store this digest separately: manifest.json ${digest}`,
  ];
}

function copiedText({ copied, lost, altered }: BackedUp['manifest']['objects']): string {
  if (!copied) return 'not copied: back up the object store separately';
  return lost + altered === 0 ? 'copied' : `copied, except ${lost + altered} lost or altered objects`;
}

function describeRestore({
  manifest,
  rows,
  damaged,
  incomplete,
  missingKeys,
  ...settled
}: RestoredDatabase): readonly string[] {
  return [
    `restored ${rows} rows as of ${manifest.takenAt}`,
    ...damaged.map(describeDamaged),
    ...incomplete.map(
      ({ tenant, runId, digests }) => `missing objects of ${tenant} ${runId ?? 'schedules'}: ${digests.join(', ')}`,
    ),
    ...missingKeys.map(
      ({ use, needed, held }) => `missing key: ${use} ${needed.join(', ')} in ${held.files.join(', ')}`,
    ),
    ...describeRuns(settled),
  ];
}

function describeRuns(settled: Settled): readonly string[] {
  const { standing: stopped, goingOn, skipped, stoppedSchedules, unaudited } = settled;
  return [
    `runs that continue automatically: ${goingOn}; schedules with skipped ticks: ${skipped}`,
    ...stopped.map(({ tenant, runId }) => `${runId} of ${tenant} is stopped: it has steps that may act only once`),
    ...stoppedSchedules.map(
      ({ tenant, scheduleId, reason }) =>
        `schedule ${scheduleId} of ${tenant} is stopped: its row is damaged: ${reason}`,
    ),
    ...unaudited.map(({ tenant, reason }) => `the audit chain of ${tenant} cannot be continued: ${reason}`),
  ];
}

/** What to do about runs that a restore has stopped. */
function sayNext({ standing: stopped }: Settled, terminal: Terminal): void {
  if (stopped.length === 0) return;
  terminal.say('help: Check in the external systems what these steps did.');
  terminal.say('next: taskrunner maintain resume RUN --tenant NAME --reason TEXT');
}

function inJson({ manifest, ...done }: RestoredDatabase): object {
  return { ...done, takenAt: manifest.takenAt };
}
