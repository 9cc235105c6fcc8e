import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { copyCluster, makeCluster, rolePassword, superuser, superuserPassword } from './cluster';
import { locateData, makeDirectory } from './data-place';
import { ownDirectory } from './directory-owner';
import type { DirectoryOwner } from './directory-owner';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { chooseAccount } from './os-account';
import { reclaimOrphan } from './postmaster';
import { openServerLog } from './server-log';
import { launchServer } from './server-process';
import type { ServerExit } from './server-process';
import { findPrograms } from './server-programs';
import { sharedDirectory } from './shared-directory';

/** How to start the embedded database. */
export interface EmbeddedPostgresOptions {
  /** Folder of this database, made on first use; what it holds is told by `DataPlace`. */
  readonly dataDirectory: string;
  /** Port on 127.0.0.1; 0 (the default) takes a free one. */
  readonly port?: number;
  /** Receives the server's log, line by line, within 200 ms. It is also kept in `server.log`. */
  readonly log?: (line: string) => void;
  /** False gives up durability for speed: tests only, the product refuses such a server. Default true. */
  readonly fsync?: boolean;
  /** `stop` also deletes the data directory and what lies elsewhere on its behalf: for tests. Default false. */
  readonly temporary?: boolean;
  /** Folder of another database, stopped and of the same release: a new one begins as a copy of it, password included. For tests. */
  readonly copyOf?: string;
  /** Further server settings, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Use the programs of this folder only. */
  readonly binDirectory?: string;
  /** Folder for what may not lie in private folders when root starts the server; see `sharedDirectory`. */
  readonly sharedDirectory?: string;
}

/** A running PostgreSQL of our own. */
export interface EmbeddedPostgres {
  readonly port: number;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** PostgreSQL's data directory, which may lie outside the folder that was asked for. */
  readonly pgdata: string;
  /** Major version of the server. */
  readonly major: number;
  /** Settles when the server ends, by `stop` or otherwise. */
  readonly exited: Promise<ServerExit>;
  /**
   * Connection URL with the role's password. Default: the superuser, database `postgres`. It makes neither role nor
   * database: give a role that you create `passwordOf(role)`.
   */
  url(role?: string, database?: string): string;
  /** The superuser's password, or the one of another role, derived from it and stable over restarts. */
  passwordOf(role: string): string;
  /** Fast shutdown; resolves when the server is gone. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL: initdb on first use, less than a second afterwards, on loopback only, with passwords. A server
 * that an earlier, killed process left behind in the same directory is stopped first. The server ends with this process
 * unless that is killed; it never keeps the process alive.
 * @throws EmbeddedPostgresError with what to do about it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const requested = resolve(options.dataDirectory);
  const owner = await prepare(requested);
  try {
    return await start(requested, options, owner);
  } catch (error) {
    await owner.release();
    throw error;
  }
}

async function prepare(requested: string): Promise<DirectoryOwner> {
  try {
    await makeDirectory(requested);
    // The server of an owner that no longer lives is an orphan, to be reclaimed. PostgreSQL's own lock file remains the last word.
    return await ownDirectory(requested, (pid) => inUse(pid, requested));
  } catch (error) {
    if (EmbeddedPostgresError.is(error)) throw error;
    throw new EmbeddedPostgresError(
      'DATABASE_START_FAILED',
      `cannot use ${requested}: ${error instanceof Error ? error.message : String(error)}`,
      'choose a data directory that this user can write to',
      error,
    );
  }
}

function inUse(pid: number, directory: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATABASE_IN_USE',
    `process ${pid} is running the database in ${directory}`,
    'stop that process, connect to its database with database.url, or choose another data directory',
  );
}

async function start(
  requested: string,
  options: EmbeddedPostgresOptions,
  owner: DirectoryOwner,
): Promise<EmbeddedPostgres> {
  const runner = await chooseAccount();
  const shared = () => sharedDirectory(runner, options.sharedDirectory);
  const place = await locateData(requested, runner, shared);
  const { account, major, home } = place;
  if (home !== requested)
    options.log?.(`${account?.name ?? 'the server'} cannot enter ${requested}: data is in ${home}`);
  const programs = await findPrograms({ account, major, binDirectory: options.binDirectory, shared });
  const pgdata = join(home, 'pgdata');
  const durable = options.fsync ?? true;
  if (major === undefined && options.copyOf !== undefined) await copyCluster(place, options.copyOf);
  const password = await superuserPassword(place);
  if (major === undefined && options.copyOf === undefined) await makeCluster(place, programs, password, durable);
  if (major !== undefined) await reclaimOrphan(pgdata, (line) => options.log?.(line));
  const settings = { ...defaults, ...(durable ? {} : forgetful), ...options.settings };
  const log = await openServerLog(requested, options.log);
  try {
    const server = await launchServer({ place, programs, password, log, port: options.port ?? 0, settings });
    const endWithUs = () => void tryKill(server.pid);
    process.once('exit', endWithUs);
    const released = server.exited.then(async (exit) => {
      process.off('exit', endWithUs);
      await owner.release();
      await log.close();
      return exit;
    });
    return {
      port: server.port,
      pid: server.pid,
      pgdata,
      major: programs.major,
      exited: released,
      url: (role = superuser, database = 'postgres') =>
        `postgresql://${encodeURIComponent(role)}:${rolePassword(password, role)}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`,
      passwordOf: (role) => rolePassword(password, role),
      async stop() {
        await server.stop();
        await released;
        if (!options.temporary) return;
        await rm(home, { recursive: true, force: true });
        await rm(requested, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

const defaults = {
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  timezone: 'UTC',
  lc_messages: 'C',
  max_connections: '200',
  password_encryption: 'scram-sha-256',
};

const forgetful = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It is gone already.
  }
}
