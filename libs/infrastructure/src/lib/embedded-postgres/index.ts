export { describeOwner, livingOwner, ownDirectory, type DirectoryOwner, type OwningProcess } from './directory-owner';
export {
  discardDatabase,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
export type { ServerExit } from './server-process';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres-error';
