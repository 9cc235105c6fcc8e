import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CronerCalendar } from '@taskrunner/infrastructure/calendar';
import { keyPathsOf, type Configuration } from '@taskrunner/infrastructure/configuration';
import { importFolder } from '@taskrunner/infrastructure/file-storage';
import { namingStore, openExistingObjectStore, openObjectStore } from '@taskrunner/infrastructure/object-store';
import { keysAtHand } from '@taskrunner/infrastructure/signing';
import type { Command } from 'commander';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { safeLine } from '../../terminal/safe-text';
import type { Context } from '../context';
import { formatOf, printAs, withOutput } from '../options';
import { describeDamaged, describeLost, interruptible } from './backup.commands';
import { CONFIG, configOf, inRole, sayWaiting, settingsOf } from './database-settings';

interface Supplied {
  readonly from: string;
  readonly objects?: string;
}

/** `taskrunner maintain import`: moves a small installation to a database server. */
export function registerImport(maintain: Command, context: Context): void {
  const { terminal } = context;
  withOutput(maintain.command('import'))
    .description(
      'move a stopped installation from a storage folder into an empty, migrated database; runs continue there',
    )
    .requiredOption('--from <folder>', 'storage folder of the stopped installation (its database.folder)')
    .option(
      '--objects <folder>',
      'folder of its objects (its artifacts.root), which are copied (default: both use the same object store, and objects are left there)',
    )
    .option(...CONFIG)
    .action((supplied: Supplied, command: Command) =>
      context.run(async () => {
        const configuration = await settingsOf(configOf(command), context);
        refuseFolder(configuration);
        const { artifacts } = configuration;
        const keys = await keysAtHand(keyPathsOf(configuration));
        const root = await copiedFrom(supplied.objects, configuration);
        const fromObjects = root === null ? null : await openExistingObjectStore({ ...artifacts, store: 'file', root });
        const interrupt = interruptible();
        const done = await namingStore(artifacts, () =>
          inRole('maintain', configuration, async (url) =>
            importFolder(url, {
              ...{ from: supplied.from, fromObjects, product: context.program.version, keys },
              objects: await (fromObjects === null ? openExistingObjectStore : openObjectStore)(artifacts),
              calendar: new CronerCalendar(),
              signal: interrupt.signal,
              onWaiting: sayWaiting(terminal),
              onLost: (lost) => terminal.say(safeLine(describeLost(lost))),
              onDamaged: (row) => terminal.say(safeLine(describeDamaged(row))),
            }),
          ),
        ).finally(interrupt.close);
        const { rows, goingOn, manifest } = done;
        const objects = { references: manifest.objects.rows, copied: fromObjects !== null };
        printAs(context, formatOf(command), { rows, goingOn, objects }, () =>
          [
            ...done.damaged.map(describeDamaged),
            `imported ${rows} rows of ${manifest.tables.length} tables`,
            `references to objects: ${objects.references}, ${objects.copied ? 'copied' : 'left in the object store, which both use'}`,
            `runs that continue: ${goingOn}`,
            ...done.unaudited.map(
              ({ tenant, reason }) => `the audit chain of ${tenant} cannot be continued: ${reason}`,
            ),
            `${resolve(supplied.from)} is not used any more`,
          ].map(safeLine),
        );
        return EXIT.OK;
      }),
    );
}

function refuseFolder({ database }: Configuration): void {
  if (database.kind === 'postgres') return;
  throw new CliError(
    'CLI_CONFIG',
    'the configuration of the target has database.kind file',
    'Use the configuration of the installation that the runs are to be moved to, with database.kind postgres.',
  );
}

/** The folder to copy objects from; null: the target uses the same folder. */
async function copiedFrom(folder: string | undefined, { artifacts }: Configuration): Promise<string | null> {
  if (folder === undefined) return null;
  const root = resolve(folder);
  if (artifacts.store !== 'file') return root;
  const [from, to] = await Promise.all([root, artifacts.root].map((one) => realpath(one).catch(() => one)));
  return from === to ? null : root;
}
