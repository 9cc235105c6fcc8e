import { readCatalog, refuseOtherRelease } from './catalog';
import { refuseRows } from './restore-database';
import { asMaintainer } from './session';

/** Refuses a database of another release, and one that has rows. @throws BackupError `BACKUP_SCHEMA`, `RESTORE_NOT_EMPTY` */
export function refuseUnlessEmpty(maintainUrl: string): Promise<void> {
  return asMaintainer(maintainUrl, 'taskrunner import', async (client) => {
    const catalog = await readCatalog(client);
    refuseOtherRelease(catalog, 'Run `taskrunner migrate` of this release on the target database.');
    await refuseRows(client, catalog);
  });
}

/** Refuses the database of an installation of another release. @throws BackupError `BACKUP_SCHEMA` */
export function refuseRelease(maintainUrl: string): Promise<void> {
  return asMaintainer(maintainUrl, 'taskrunner import', async (client) =>
    refuseOtherRelease(
      await readCatalog(client),
      'Import with the release of the folder. Or start `taskrunner serve` of this release on the folder once, which migrates it, and stop it.',
    ),
  );
}
