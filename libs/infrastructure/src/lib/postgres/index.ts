export { adoptObjectStore, type AdoptedStore } from './backup/adopt-store';
export { backUpDatabase, type BackedUp } from './backup/backup-database';
export { BackupError, type BackupErrorCode } from './backup/backup-error';
export type { DamagedRow } from './backup/damaged-values';
export { RESTORED_KEYS, type RestoredKeys } from './backup/keys-needed';
export type { LostReference } from './backup/object-copies';
export {
  RESTORED_OBJECTS,
  restoreDatabase,
  type RestoredDatabase,
  type RestoredObjects,
} from './backup/restore-database';
export { resumeRuns } from './backup/resume-runs';
export { settleRecovered } from './backup/settle-recovered';
export type { Settled } from './backup/settle-restored';
export { DatabaseError, type DatabaseErrorCode } from './connection/database-error';
export { openWorkerDatabase, type WorkerDatabase } from './databases';
export { packedPage, unpackedPage, type PageTexts } from './encoding/packed-page';
export { migrateDatabase } from './schema/migrate';
export { bootstrapRoles, createDatabase, databaseRoles, roleName, type DatabaseRole } from './schema/roles';
export { holdRun, maintainDatabase, releaseRun, type Maintained } from './upkeep/maintain';
export { visitActiveRuns, type ActiveKind } from './workers/active-runs';
