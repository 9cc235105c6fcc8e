export { canUnpack, packData } from './data-archive';
export type { Original } from './cluster';
export { describeOwner, livingOwner, ownDirectory, type DirectoryOwner, type OwningProcess } from './directory-owner';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres';
export { discardDatabase, stopLeftServer } from './left-database';
export { serverVersion, unpackDatabase } from './unpacked-database';
export { SEGMENT_BYTES } from './log-segments';
export type { ServerExit } from './server-process';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres-error';
