export { describeOwner, livingOwner, ownDirectory, type DirectoryOwner, type OwningProcess } from './directory-owner';
export {
  discardDatabase,
  startEmbeddedPostgres,
  stopLeftServer,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
export { SEGMENT_BYTES } from './log-segments';
export type { ServerExit } from './server-process';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres-error';
