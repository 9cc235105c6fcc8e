import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { escapeIdentifier, escapeLiteral, type Client } from 'pg';
import { homeOf, type DataPlace } from './data-place';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { spawnOptions } from './os-account';
import type { ServerPrograms } from './server-programs';
import { copyFiles, syncCluster, syncFolder, takeSpare } from './cluster-files';
import { unpackData } from './data-archive';

const execute = promisify(execFile);

/** The superuser that initdb creates. */
export const superuser = 'postgres';
/** The database that initdb creates for the superuser. */
export const INITIAL_DATABASE = 'postgres';

/**
 * The superuser's password. It is generated once and stored in `password` (0600) beside the data.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if there is data but the file is missing
 */
export async function superuserPassword(place: DataPlace): Promise<string> {
  const file = join(place.requested, 'password');
  const kept = (await readFile(file, 'utf8').catch(() => undefined))?.trim();
  if (kept) return kept;
  if (place.major !== undefined) {
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `${file}, which holds the password of this database, is missing`,
      'restore the file, or delete the data directory to start with an empty database',
    );
  }
  const password = newPassword();
  await rm(file, { force: true });
  await writeFile(file, `${password}\n`, { flag: 'wx', mode: 0o600 });
  return password;
}

/** What a copy of another database gets before it is used: its own passwords. */
export interface Renewal {
  /** Roles besides the superuser, whose passwords are derived from that of the superuser. */
  readonly roles: readonly string[];
  /** Statements of the same transaction. */
  readonly more: readonly string[];
}

/**
 * Replaces the passwords of the superuser and of `roles` over a connection of the superuser, and executes `more`, in one transaction. Then it
 * replaces that of the superuser in the file, and returns it. If this process ends meanwhile, the database may be lost.
 */
export async function renewPasswords(place: DataPlace, client: Client, { roles, more }: Renewal): Promise<string> {
  const password = newPassword();
  const changes = [superuser, ...roles].map(
    (role) => `alter role ${escapeIdentifier(role)} password ${escapeLiteral(rolePassword(password, role))}`,
  );
  // Sent together, because each answer would be waited for.
  await client.query(['begin', ...changes, ...more, 'commit'].join('; '));
  const file = join(place.requested, 'password');
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, `${password}\n`, { flag: 'wx', mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** The password of a role. The superuser has the stored one; the password of any other role is derived from it by a one-way function. */
export function rolePassword(password: string, role: string): string {
  return role === superuser ? password : createHmac('sha256', password).update(role).digest('base64url');
}

/** What a new database begins with: the folder of another one that is stopped, or an archive of one. */
export type Original = string | PackedOriginal;

/** An archive of a database, for the first one that begins with it. */
interface PackedOriginal {
  /** Path of an archive of `packData`. */
  readonly archive: string;
  /** The folder that the next databases are copied from, which is made now; undefined: there is none. Never rejects. */
  readonly unpacked: () => Promise<string | undefined>;
}

interface CopyOptions {
  readonly original: string | Pick<PackedOriginal, 'archive'>;
  readonly sync: boolean;
  /** Called when another process makes the data. It is not called for a spare copy. */
  readonly onStarted: () => void;
}

/**
 * Runs initdb: UTF-8, byte order (`C`, which is the same on every machine and version), checksums, and passwords (SCRAM) on every
 * connection. The data directory appears by one rename, so an interrupted initdb leaves no partial directory.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` with the output of initdb
 */
export async function makeCluster(
  place: DataPlace,
  programs: ServerPrograms,
  password: string,
  { sync, onStarted }: Omit<CopyOptions, 'original'>,
): Promise<void> {
  const draft = join(place.home, 'pgdata.draft');
  const passwordFile = join(place.home, 'pgdata.password');
  await rm(draft, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { flag: 'wx', mode: 0o600 });
    if (place.account) {
      await chown(draft, place.account.uid, place.account.gid);
      await chown(passwordFile, place.account.uid, place.account.gid);
    }
    const making = execute(
      join(programs.binDirectory, 'initdb'),
      [
        `--pgdata=${draft}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-locale',
        '--data-checksums',
        ...(sync ? [] : ['--no-sync']),
      ],
      spawnOptions(place.account),
    );
    onStarted();
    await making;
    await chmod(draft, 0o700);
    await rename(draft, join(place.home, 'pgdata'));
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? '';
    await rm(draft, { recursive: true, force: true });
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `initdb could not create a database in ${place.home}: ${said || String(error)}`,
      'see the output of initdb; common causes are no space, no permission or a read-only file system',
      error,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * Copies or unpacks the data and the password of another database, in place of initdb, or takes its spare copy. The other database must have been
 * shut down cleanly. The data directory appears by one rename. With `sync`, it is on the disk before. Returns true if it is on the disk.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if there is no such database
 */
export async function copyCluster(
  place: DataPlace,
  programs: ServerPrograms,
  { original, sync, onStarted }: CopyOptions,
): Promise<boolean> {
  const draft = join(place.home, 'pgdata.draft');
  await rm(draft, { recursive: true, force: true });
  try {
    const isSpare =
      typeof original === 'string'
        ? await copyOriginal(original, place, draft, onStarted)
        : await unpackOriginal(original.archive, place, draft, onStarted);
    if (sync && !isSpare) await syncCluster(draft, place.account, programs);
    await rename(draft, join(place.home, 'pgdata'));
    if (sync || isSpare) await syncFolder(place.home);
    return sync || isSpare;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `the database in ${typeof original === 'string' ? original : original.archive} could not be copied to ${place.home}: ${String(error)}`,
      typeof original === 'string'
        ? 'use the folder of a stopped database, or start without a copy'
        : 'install this release again: the archive is part of it',
      error,
    );
  }
}

/** Returns true if it took the spare copy, which is on the disk. */
async function copyOriginal(
  original: string,
  place: DataPlace,
  draft: string,
  onStarted: () => void,
): Promise<boolean> {
  await copyFile(join(original, 'password'), join(place.requested, 'password'));
  const home = await homeOf(original);
  if (await takeSpare(home, draft)) return true;
  const copying = copyFiles(join(home, 'pgdata'), draft);
  onStarted();
  await copying;
  return false;
}

async function unpackOriginal(archive: string, place: DataPlace, draft: string, onStarted: () => void): Promise<false> {
  const password = await unpackData(archive, draft, place.account, onStarted);
  const file = join(place.requested, 'password');
  await rm(file, { force: true });
  await writeFile(file, `${password}\n`, { flag: 'wx', mode: 0o600 });
  return false;
}
