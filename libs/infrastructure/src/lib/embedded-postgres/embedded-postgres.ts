import { realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { claimDirectory, inUse, knownIn, placeAndPrograms, type ProgramPlaces } from './claimed-directory';
import {
  copyCluster,
  INITIAL_DATABASE,
  makeCluster,
  renewPasswords,
  rolePassword,
  superuser,
  superuserPassword,
  type Original,
  type Renewal,
} from './cluster';
import { makeSpare, syncCluster } from './cluster-files';
import { homeOf } from './data-place';
import type { DirectoryOwner } from './directory-owner';
import { reclaimOrphan } from './postmaster';
import { completeSegments } from './log-segments';
import { openServerLog } from './server-log';
import { guardServer, type ServerGuard } from './server-guard';
import { launchServer, LOOPBACK } from './server-process';
import type { ServerExit } from './server-process';
import { makeSocketFolder, SOCKET_PORT } from './socket-folder';
import type { SocketFolder } from './socket-folder';

/** Options of the embedded database. */
export interface EmbeddedPostgresOptions extends ProgramPlaces {
  /** Folder of this database, created on first use. `DataPlace` describes its contents. */
  readonly dataDirectory: string;
  /** `loopback` (the default): a port of 127.0.0.1. `socket`: a Unix socket that only this account and the server's can use, and no port. */
  readonly listen?: 'loopback' | 'socket';
  /** Path of the socket's folder of an earlier server that has ended, so that its URLs are valid again. Default: any. */
  readonly socketFolder?: string;
  /** Port on 127.0.0.1; 0 (the default) takes a free one. Not used with a socket. */
  readonly port?: number;
  /** Receives each line of the server's log within 200 ms. The log is also kept in `server.log`. */
  readonly log?: (line: string) => void;
  /** False trades durability for speed. Only for tests: the product refuses such a server. Default: true. */
  readonly fsync?: boolean;
  /**
   * True: nothing is durable until `stop` has written everything to the disk. For data that are discarded if they are not complete. Default:
   * false.
   */
  readonly syncAtStop?: boolean;
  /** True: `stop` also deletes the data directory and what is stored elsewhere for it. For tests. Default: false. */
  readonly temporary?: boolean;
  /**
   * Another database of the same release, which is stopped. A new database starts as a copy of it, password included. A function gets the version
   * of the server; with `undefined` nothing is copied.
   */
  readonly copyOf?: string | ((version: string) => Promise<Original | undefined>);
  /** With `copyOf`: the copy gets passwords of its own before the server is handed out. Absent: it has those of the original. */
  readonly renewal?: Renewal;
  /**
   * True: the server also ends if this process is killed, within a moment. A shell watches for that. Default false: a server that a killed
   * process left is stopped by the next opening of its folder.
   */
  readonly endsWithOwner?: boolean;
  /**
   * True: the server starts before its copy is on the disk, and `written` tells when it is. The caller must discard data that was not written.
   * Default: false.
   */
  readonly syncLater?: boolean;
  /** Called once the server, or the copy that it starts from, is the work of another process. */
  readonly onStarted?: () => void;
  /** A database that existing data and copies have. The superuser connects to it. Default: `postgres`, which initdb creates. */
  readonly database?: string;
  /** Additional server settings, by name. They may depend on the major version of the server. */
  readonly settings?: ServerSettings | ((major: number) => ServerSettings);
}

/** Most lines of a start that are kept. A start writes about ten. */
const START_LINES = 1_000;

/** Values of server settings (`postgresql.conf`), by name. */
type ServerSettings = Readonly<Record<string, string>>;

/** A running PostgreSQL server that this process has started. */
export interface EmbeddedPostgres {
  /** With a socket, only part of the name of its file. */
  readonly port: number;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** PostgreSQL's data directory, which may be outside the requested folder. */
  readonly pgdata: string;
  /** Major version of the server. */
  readonly major: number;
  /** Folder of its Unix socket; null: it listens on loopback. */
  readonly socketFolder: string | null;
  /** The lines of its log until it answered, which tell how it has recovered. */
  readonly startLog: readonly string[];
  /** Resolves when the copy that the server started from is on the disk; at once without a copy. */
  readonly written: Promise<void>;
  /** Resolves when the server ends, by `stop` or otherwise. */
  readonly exited: Promise<ServerExit>;
  /**
   * Connection URL with the role's password. Default: the superuser, and `database` of the options; `postgres` in new data. It creates neither role nor database. A role that
   * you create must get the password `passwordOf(role)`.
   */
  url(role?: string, database?: string): string;
  /** The password of the superuser, or of another role. It is derived from the superuser's and does not change at restarts. */
  passwordOf(role: string): string;
  /**
   * Makes the copy that the next database begins with if it has the same original as this one, so that its start does not wait for it. If the original
   * is an archive, `unpacked` says what is copied. A failure is logged: the next start then copies itself. Nothing is done if this database was no copy.
   */
  prepareNext(): Promise<void>;
  /** Performs a fast shutdown. Resolves when the server has ended. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL server on loopback, with passwords. The first start runs initdb; later ones take less than a second. A server
 * that a killed process left in the same directory is stopped first. The server ends with this process; if this process is
 * killed, only with `endsWithOwner`. It does not keep the process alive.
 * @throws EmbeddedPostgresError with its remedy
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const requested = resolve(options.dataDirectory);
  const owner = await claimDirectory(requested);
  try {
    return await start(requested, options, owner);
  } catch (error) {
    await owner.release();
    throw error;
  }
}

async function start(
  requested: string,
  options: EmbeddedPostgresOptions,
  owner: DirectoryOwner,
): Promise<EmbeddedPostgres> {
  const { place, programs } = await placeAndPrograms(requested, options);
  const { account, major, home } = place;
  if (home !== requested)
    options.log?.(`${account?.name ?? 'the server'} cannot enter ${requested}: data is in ${home}`);
  const pgdata = join(home, 'pgdata');
  const isSynced = options.fsync ?? true;
  const durable = isSynced && options.syncAtStop !== true;
  const { copyOf } = options;
  const wanted = typeof copyOf === 'function' ? () => copyOf(programs.version) : () => copyOf;
  const original = major === undefined ? await wanted() : undefined;
  const isLater = options.syncLater === true && durable;
  const onStarted = once(options.onStarted);
  const isWritten = original
    ? await copyCluster(place, programs, { original, sync: durable && !isLater, onStarted })
    : true;
  let password = await superuserPassword(place);
  if (major === undefined && !original) await makeCluster(place, programs, password, { sync: durable, onStarted });
  if (major !== undefined) {
    const say = (line: string): void => options.log?.(line);
    await reclaimOrphan(pgdata, say);
    await completeSegments(pgdata, say);
  }
  const written = isLater && !isWritten ? syncCluster(pgdata, account, programs) : Promise.resolve();
  written.catch(() => undefined);
  const database = (major === undefined && !original) || !options.database ? INITIAL_DATABASE : options.database;
  const { settings: own = {} } = options;
  const settings = {
    ...defaults,
    ...(durable ? {} : forgetful),
    ...(typeof own === 'function' ? own(programs.major) : own),
  };
  const socket =
    options.listen === 'socket'
      ? await makeSocketFolder(place, (who) => inUse(who, requested), options.socketFolder)
      : undefined;
  const log = await openServerLog(requested, options.log);
  let guard: ServerGuard | undefined;
  try {
    const guarded = await realpath(pgdata);
    const server = await launchServer({
      ...{ place, programs, password, database, log, settings },
      onStarted: (pid) => {
        onStarted();
        void guard?.dismiss();
        // At once: this process can be killed before the server answers.
        guard = options.endsWithOwner && pid !== undefined ? guardServer(pid, guarded, account) : undefined;
      },
      onAnswered: async (client) => {
        if (original && options.renewal) password = await renewPasswords(place, client, options.renewal);
      },
      ...(socket ? { port: SOCKET_PORT, socketDirectory: socket.path } : { port: options.port ?? 0 }),
    });
    const startLog = await log.tail(START_LINES);
    const endWithUs = () => void tryKill(server.pid);
    process.once('exit', endWithUs);
    const released = server.exited.then(async (exit) => {
      process.off('exit', endWithUs);
      await guard?.dismiss();
      await socket?.remove();
      await owner.release();
      await log.close();
      return exit;
    });
    return {
      port: server.port,
      pid: server.pid,
      pgdata,
      major: programs.major,
      socketFolder: socket?.path ?? null,
      startLog,
      written,
      exited: released,
      url: (role = superuser, name = database) =>
        urlOf(`${encodeURIComponent(role)}:${rolePassword(password, role)}`, name, server.port, socket),
      passwordOf: (role) => rolePassword(password, role),
      async prepareNext() {
        const from = typeof original === 'object' ? await original.unpacked() : original;
        if (from === undefined) return;
        await makeSpare(await homeOf(from), account, programs).catch((error: unknown) =>
          options.log?.(`no copy is ready for the next database: ${String(error)}`),
        );
      },
      async stop() {
        await server.stop();
        await released;
        await written.catch(() => undefined);
        if (options.syncAtStop && isSynced) await syncCluster(pgdata, account, programs);
        if (!options.temporary) return;
        await rm(home, { recursive: true, force: true });
        await rm(requested, { recursive: true, force: true });
      },
    };
  } catch (error) {
    knownIn(options)?.forget();
    await guard?.dismiss();
    await socket?.remove();
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

/** A Unix socket is a parameter of the URL. */
function urlOf(credentials: string, database: string, port: number, socket: SocketFolder | undefined): string {
  const name = encodeURIComponent(database);
  if (!socket) return `postgresql://${credentials}@${LOOPBACK}:${port}/${name}`;
  return `postgresql://${credentials}@localhost:${port}/${name}?host=${encodeURIComponent(socket.path)}`;
}

function once(call: () => void = () => undefined): () => void {
  let isDue = true;
  return () => {
    if (isDue) call();
    isDue = false;
  };
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // The process has already ended.
  }
}
