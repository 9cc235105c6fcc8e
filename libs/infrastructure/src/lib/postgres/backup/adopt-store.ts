import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@taskrunner/core/ports';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { OnWaiting } from '../connection/waiting';
import { ALL_REFERENCES } from '../upkeep/object-reference';
import { readCatalog, refuseOtherRelease } from './catalog';
import { exclusivelyAsOwner, refuseLiveWorkers } from './exclusively-as-owner';
import { absentObjects, type LostReference } from './object-copies';
import { fieldsOf } from './rows-file';
import { asMaintainer, takeMigrationLock } from './session';

/** References that name an object for certain. */
const CERTAIN = `copy (select tenant_id, run_id, digest, certain
  from (${ALL_REFERENCES}) r (tenant_id, run_id, digest, certain) where certain) to stdout`;

/** The object store that an installation has from now on. */
export interface AdoptedStore {
  /** Null: the store keeps no id, and is not compared. */
  readonly id: string | null;
  /** References of rows to objects that the store does not have. */
  readonly absent: readonly LostReference[];
}

/**
 * Makes this object store the one of the installation, whatever it contains. For an installation that has lost its objects, has copied them
 * without the id of the store, or has lost its database. A store of another installation gets a new id, so that the other one does not start
 * with it again: each would delete the objects of the other. Needs the role `maintain`, and that no worker is alive.
 * @throws BackupError `BACKUP_SCHEMA`, `RESTORE_IN_USE`; DatabaseError
 */
export function adoptObjectStore(
  maintainUrl: string,
  objects: ObjectStore,
  onWaiting?: OnWaiting,
): Promise<AdoptedStore> {
  return asMaintainer(maintainUrl, 'taskrunner adopt-store', async (client) => {
    await takeMigrationLock(client, { shared: false, onWaiting });
    const catalog = await readCatalog(client);
    refuseOtherRelease(catalog, 'Run `adopt-store` of the release that migrated the database.');
    const absent = await absentObjects(fieldsOf(client.query(copyTo(CERTAIN))), objects, null);
    return exclusivelyAsOwner(client, { catalog, onWaiting }, async () => {
      await refuseLiveWorkers(client);
      return { id: await recordStore(client, objects, { renewsOthers: true }), absent };
    });
  });
}

/**
 * Records the id of the store as that of the installation, and gives it one if it has none. `renewsOthers`: also if it has one that the database
 * has not recorded.
 */
export async function recordStore(
  owner: Client,
  objects: ObjectStore,
  { renewsOthers }: { readonly renewsOthers: boolean } = { renewsOthers: false },
): Promise<string | null> {
  const identity = objects.identity();
  if (identity === null) return null;
  const stored = await identity.read();
  const isKept = stored !== null && (!renewsOthers || stored === (await recordedIn(owner)));
  const id = isKept ? stored : randomUUID();
  await owner.query(
    `insert into pack_artifacts.object_store (one, id, written) values (true, $1, true)
     on conflict (one) do update set id = excluded.id, written = true`,
    [id],
  );
  if (!isKept) await identity.write(id);
  return id;
}

async function recordedIn(owner: Client): Promise<string | null> {
  const { rows } = await owner.query<{ readonly id: string }>('select id from pack_artifacts.object_store');
  return rows[0]?.id ?? null;
}
