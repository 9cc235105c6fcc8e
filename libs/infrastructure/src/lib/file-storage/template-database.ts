import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  canUnpack,
  describeOwner,
  discardDatabase,
  ownDirectory,
  startEmbeddedPostgres,
  unpackDatabase,
  type EmbeddedPostgresOptions,
  type Original,
} from '../embedded-postgres';
import { makeFolders } from '../files';
import { loadMigrations, migrateDatabase } from '../postgres/schema/migrate';
import { migrationNames } from '../postgres/migrations/migrations';
import { createContents, dropOthers, urlOfRole } from './database-contents';
import { settingsOfOneProcess } from './server-settings';
import { held } from './storage-failure';

/** Part of the name of a template. It changes if the contents of a new database change other than by a migration. */
const EDITION = 2;
/** A template is made by a few connections. */
const CONNECTIONS = 10;

/** How a template is made, and where it says what it does. */
interface TemplateOptions extends Pick<
  EmbeddedPostgresOptions,
  'log' | 'fsync' | 'binDirectory' | 'sharedDirectory' | 'onStarted'
> {
  /** A folder with archives of templates, which `packTemplate` wrote. A template is unpacked if its archive is there. */
  readonly archives?: string | undefined;
}

/** What a new database begins with: the template in `cache`, or else its archive. Undefined, and `log` is told why: neither can be used. */
export async function originalIn(
  cache: string,
  version: string,
  options: TemplateOptions,
): Promise<Original | undefined> {
  const archive = archiveIn(options.archives, version);
  if (archive === null || existsSync(pathIn(cache, version))) return templateIn(cache, version, options);
  return {
    archive,
    unpacked: existsSync(cache) ? () => templateIn(cache, version, options) : () => noteUse(cache, options),
  };
}

/**
 * The first use of a cache leaves an empty folder, and only the second one a template: where a job of a continuous integration runs once, nothing
 * is made that nobody needs.
 */
async function noteUse(cache: string, { log }: TemplateOptions): Promise<undefined> {
  await takeCache(resolve(cache)).catch((error: unknown) => log?.(notUsed(cache, error)));
}

function notUsed(cache: string, error: unknown): string {
  return `the cache ${resolve(cache)} is not used: ${error instanceof Error ? error.message : String(error)}`;
}

/** The archive for this version of the server, these migrations and this machine; null: there is none, or this machine cannot unpack it. */
function archiveIn(archives: string | undefined, version: string): string | null {
  const path = archives === undefined ? null : archivePath(archives, version);
  return path !== null && existsSync(path) && canUnpack() ? path : null;
}

/** Data of PostgreSQL depend on the machine. */
export function archivePath(archives: string, version: string): string {
  return join(archives, `${nameOf(version)}-${process.platform}-${process.arch}.tgz`);
}

function pathIn(cache: string, version: string): string {
  return join(resolve(cache), nameOf(version));
}

function nameOf(version: string): string {
  return `database-${version}-${keyOf(migrationNames)}`;
}

/**
 * A migrated and stopped database in the folder `cache`, alone in its server, which new databases begin as a copy of. It is made if there is none for this version
 * of the server and these migrations. Its files are on the disk before it has its name, so an interrupted one is never copied. Undefined if
 * the cache cannot be used, for example because another process is making the template: `log` is told why, and the database is then created
 * without a template.
 */
async function templateIn(cache: string, version: string, options: TemplateOptions): Promise<string | undefined> {
  const folder = resolve(cache);
  const path = pathIn(cache, version);
  try {
    await takeCache(folder);
    if (existsSync(path)) return path;
    const owner = await ownDirectory(folder, (process) => held(folder, describeOwner(process)));
    try {
      const archive = archiveIn(options.archives, version);
      if (!existsSync(path))
        await (archive === null ? makeTemplate(path, options) : unpackTemplate(path, archive, options));
    } finally {
      await owner.release();
    }
    return path;
  } catch (error) {
    options.log?.(notUsed(cache, error));
    return undefined;
  }
}

function keyOf(names: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([EDITION, names]))
    .digest('hex')
    .slice(0, 12);
}

/** Whoever can write to the cache can put anything into the databases that are copied from it. */
async function takeCache(folder: string): Promise<void> {
  // As of storage folders: the account of a server that root starts traverses it.
  await makeFolders(folder, { mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const { uid, mode } = await lstat(folder);
  const own = process.getuid?.() ?? uid;
  if (uid !== own) throw new Error(`it belongs to user ${uid}, and this is user ${own}`);
  if (mode & 0o022) throw new Error('other accounts can write to it');
}

async function unpackTemplate(path: string, archive: string, options: TemplateOptions): Promise<void> {
  const draft = `${path}.draft`;
  await discardDatabase(draft, options.log);
  await unpackDatabase(draft, archive, options);
  await rename(draft, path);
}

/** Makes a template at `path`, which nothing is at. */
export async function makeTemplate(path: string, options: TemplateOptions): Promise<void> {
  const draft = `${path}.draft`;
  await discardDatabase(draft, options.log);
  const settings = settingsOfOneProcess(CONNECTIONS);
  const server = await startEmbeddedPostgres({
    ...options,
    dataDirectory: draft,
    listen: 'socket',
    // A draft is discarded if it is not complete.
    syncAtStop: true,
    onStarted: () => {
      options.onStarted?.();
      // Loaded beside initdb. Whoever migrates reports a failure.
      loadMigrations().catch(() => undefined);
    },
    // Small and quick to copy: no segments of the log are kept.
    settings: (major) => ({
      ...settings(major),
      ...{ wal_recycle: 'off', wal_init_zero: 'off' },
    }),
  });
  try {
    await createContents(server);
    await migrateDatabase(urlOfRole(server, 'owner'));
    await dropOthers(server);
  } finally {
    await server.stop();
  }
  await rename(draft, path);
}
