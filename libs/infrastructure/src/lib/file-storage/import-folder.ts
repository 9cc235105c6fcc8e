import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Calendar, ObjectStore } from '@taskrunner/core/ports';
import { backUpDatabase } from '../postgres/backup/backup-database';
import type { DamagedRow } from '../postgres/backup/damaged-values';
import type { KeysOfFiles } from '../postgres/backup/keys-needed';
import type { LostReference } from '../postgres/backup/object-copies';
import { BackupError, type BackupErrorCode } from '../postgres/backup/backup-error';
import { refuseRelease, refuseUnlessEmpty } from '../postgres/backup/import-checks';
import { restoreDatabase, type RestoredDatabase } from '../postgres/backup/restore-database';
import type { OnWaiting } from '../postgres/connection/waiting';
import { moveStoppedFolder, refuseMovedFolder } from './stopped-folder';

/** Options of an import. */
export interface ImportOptions {
  /** Storage folder of the stopped installation. */
  readonly from: string;
  /** Object store of that installation; null: both installations have the same store, and the objects are left where they are. */
  readonly fromObjects: ObjectStore | null;
  /** Object store of the target. */
  readonly objects: ObjectStore;
  /** Version of the product. */
  readonly product: string;
  /** Keys from the files of the target's configuration. */
  readonly keys: readonly KeysOfFiles[];
  readonly calendar: Calendar;
  readonly signal?: AbortSignal;
  readonly onWaiting?: OnWaiting;
  /** Called for each object that the store of the stopped installation has lost. */
  readonly onLost?: (lost: LostReference) => void;
  /** Called for each row of the stopped installation that cannot be moved as it is. */
  readonly onDamaged?: (damaged: DamagedRow) => void;
}

/**
 * Moves a stopped installation from a storage folder into an empty, migrated database of the same release. All rows arrive in one transaction,
 * after the objects. Nothing is skipped and no run is stopped, because nothing was done since the installation stopped, and no service opens
 * the folder any more. Needs the role `maintain`.
 * @throws StorageError, BackupError, DatabaseError
 */
export async function importFolder(maintainUrl: string, options: ImportOptions): Promise<RestoredDatabase> {
  const { from, fromObjects, objects, product, keys, calendar, signal, onWaiting, onLost, onDamaged } = options;
  // Checked before anything is written. A target that has the rows of this folder is not empty, so the folder comes first.
  await refuseMovedFolder(from);
  await refuseUnlessEmpty(maintainUrl).catch(throwAsImport);
  const folder = `${resolve(from)}.import-${process.pid}`;
  return moveStoppedFolder(from, async ({ maintainUrl: sourceUrl }) => {
    await refuseRelease(sourceUrl);
    try {
      await backUpDatabase(sourceUrl, {
        ...{ folder, product, objects: fromObjects ?? objects, copyObjects: fromObjects !== null },
        ...(signal && { signal }),
        ...(onLost && { onLost }),
        ...(onDamaged && { onDamaged }),
      });
      return await restoreDatabase(maintainUrl, {
        ...{ folder, objects, mode: fromObjects === null ? 'check' : 'copy' },
        ...{ keys, keysMode: 'check', calendar, expected: null, isMoved: true },
        ...(onWaiting && { onWaiting }),
      });
    } catch (error) {
      return throwAsImport(error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Remedies of the same errors for a restore, with options that an import does not have. */
const REMEDIES: { readonly [Code in BackupErrorCode]?: string } = {
  BACKUP_OBJECTS_MISSING:
    'Nothing was imported. Name the folder that has these objects with `--objects FOLDER`, or put the missing ones into the store first. Then repeat the command.',
  BACKUP_KEYS_MISSING:
    'Nothing was imported. Copy the key files of the small installation to the paths that `keys` of this configuration sets, and import as the user that owns them. Then repeat the command.',
  RESTORE_NOT_EMPTY:
    'Import into a new database: create it, run `taskrunner migrate`, and do not start a service before the import is complete.',
};

function throwAsImport(error: unknown): never {
  const remedy = BackupError.is(error) ? REMEDIES[error.code] : undefined;
  if (!BackupError.is(error) || remedy === undefined) throw error;
  throw new BackupError(error.code, error.message, remedy, error.faults, { cause: error });
}
