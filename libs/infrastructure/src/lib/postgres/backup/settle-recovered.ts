import type { Calendar } from '@taskrunner/core/ports';
import type { OnWaiting } from '../connection/waiting';
import { exclusivelyAsOwner, inUse } from './exclusively-as-owner';
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
      const { rows } = await client.query<{ name: string; until: Date }>(
        `select name, lease_until as until from pack_runs.workers where state = 'live' and lease_until > clock_timestamp() order by name limit 5`,
      );
      if (rows.length > 0) {
        const workers = rows.map(({ name, until }) => `${name} until ${until.toISOString()}`);
        throw inUse(
          `workers have a lease: ${workers.join(', ')}`,
          'Stop all webservices, workers and jobs first. If these workers have ended, wait until their leases have expired.',
        );
      }
      return settleRestored(client, { calendar, origin: null });
    });
  });
}
