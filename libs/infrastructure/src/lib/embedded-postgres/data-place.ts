import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { canEnter } from './os-account';
import type { OsAccount } from './os-account';
import { makeFolders } from '../files';

/**
 * The location of an embedded database. The requested directory contains:
 *
 * - `pgdata/`: PostgreSQL's data, 0700, owned by the account that runs the server;
 * - `password`: the superuser's password, 0600, owned by the caller;
 * - `server.log`: the log of the server;
 * - `owner`: the process that started it;
 * - `location`: only if the server's account cannot enter the directory (root, below a private folder): the absolute path of a folder in
 *   the shared directory that contains `pgdata/` instead. Everything else stays in the requested directory.
 */
export interface DataPlace {
  /** The requested directory. */
  readonly requested: string;
  /** The folder that contains `pgdata`: `requested`, or the one that `location` names. */
  readonly home: string;
  readonly account: OsAccount;
  /** Major version of the data; absent before the first start. */
  readonly major?: number;
}

/** Creates the requested directory. Other accounts can enter it only if root must let another account use it; otherwise it is private. */
export async function makeDirectory(requested: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o755 : 0o700;
  if (await makeFolders(requested, { mode })) await chmod(requested, mode);
}

/**
 * Finds the data, or decides where to create it.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if the data exists but the server's account cannot reach it. An unreadable database
 *   is never replaced by an empty one.
 */
export async function locateData(
  requested: string,
  account: OsAccount,
  shared: () => Promise<string>,
): Promise<DataPlace> {
  const home = await homeOf(requested);
  const pgdata = join(home, 'pgdata');
  if (existsSync(pgdata)) return existingPlace(requested, home, account);
  if (await canEnter(home, account)) return { requested, home, account };
  return { requested, home: await moveAway(requested, await shared()), account };
}

/**
 * The folder that contains `pgdata` for a requested directory.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if `location` names a folder that does not exist
 */
export async function homeOf(requested: string): Promise<string> {
  const pointer = join(requested, 'location');
  const home = (await readFile(pointer, 'utf8').catch(() => undefined))?.trim() ?? requested;
  if (home === requested || existsSync(home)) return home;
  throw new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    `${pointer} refers to the data in ${home}, which does not exist`,
    `restore ${home}, or delete ${requested} to start with an empty database`,
  );
}

async function existingPlace(requested: string, home: string, account: OsAccount): Promise<DataPlace> {
  const pgdata = join(home, 'pgdata');
  const { uid, gid } = await stat(pgdata);
  const owner = account && uid !== 0 ? { name: `user ${uid}`, uid, gid } : account;
  if (account && uid === 0) {
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `${pgdata} belongs to root, which PostgreSQL refuses`,
      `chown -R ${account.name} ${pgdata}`,
    );
  }
  if (!(await canEnter(pgdata, owner))) {
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `${owner?.name ?? 'this user'} cannot enter ${pgdata}`,
      'give the folders above it mode 0711, or run as the user who made the data',
    );
  }
  const version = await readFile(join(pgdata, 'PG_VERSION'), 'utf8').catch(() => '');
  if (!/^\d+\s*$/.test(version)) {
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `${pgdata} is not a PostgreSQL data directory (no PG_VERSION)`,
      'restore it, or delete it to start with an empty database',
    );
  }
  return { requested, home, account: owner, major: Number(version) };
}

/** The name identifies the requested directory. A random part prevents a deleted and recreated directory from finding old data. */
async function moveAway(requested: string, shared: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await realpath(requested))
    .digest('hex')
    .slice(0, 12);
  const home = join(shared, `database-${hash}-${randomUUID().slice(0, 8)}`);
  await mkdir(home);
  await chmod(home, 0o755);
  await writeFile(join(requested, 'location'), `${home}\n`, { mode: 0o644 });
  return home;
}
