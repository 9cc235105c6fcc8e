import type { Calendar } from '@taskrunner/core/ports';
import type { OnWaiting } from '../connection/waiting';
import { exclusivelyAsOwner, refuseLiveWorkers } from './exclusively-as-owner';
import { readCatalog, refuseOtherRelease } from './catalog';
import { asMaintainer, takeMigrationLock } from './session';
import { settleRestored, type Settled } from './settle-restored';

/**
 * Applies the steps after a restore (runs, workers, schedules) to a database that was recovered by other means than `restoreDatabase`:
 * point-in-time recovery, a snapshot of a volume, or a dump. Needs the role `maintain`, and that no worker is alive.
 * @throws BackupError `BACKUP_SCHEMA`, `RESTORE_IN_USE`; DatabaseError
 */
export function settleRecovered(maintainUrl: string, calendar: Calendar, onWaiting?: OnWaiting): Promise<Settled> {
  return asMaintainer(maintainUrl, 'taskrunner settle', async (client) => {
    await takeMigrationLock(client, { shared: false, onWaiting });
    const catalog = await readCatalog(client);
    refuseOtherRelease(catalog, 'Run `settle` with the release that migrated the database, before a later migration.');
    return exclusivelyAsOwner(client, { catalog, onWaiting }, async () => {
      await refuseLiveWorkers(client);
      return settleRestored(client, { calendar, origin: null });
    });
  });
}
