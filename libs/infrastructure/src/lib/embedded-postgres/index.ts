export { canUnpack, packData } from './data-archive';
export type { Original } from './cluster';
export { describeOwner, livingOwner, ownDirectory, type DirectoryOwner, type OwningProcess } from './directory-owner';
export {
  discardDatabase,
  serverVersion,
  startEmbeddedPostgres,
  stopLeftServer,
  unpackDatabase,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
export { SEGMENT_BYTES } from './log-segments';
export type { ServerExit } from './server-process';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres-error';
