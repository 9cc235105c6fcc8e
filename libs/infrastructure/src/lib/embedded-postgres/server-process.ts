import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { rolePassword, superuser } from './cluster';
import type { DataPlace } from './data-place';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { spawnOptions } from './os-account';
import { stopServer } from './postmaster';
import type { ServerLog } from './server-log';
import type { ServerPrograms } from './server-programs';

/** The end of a server. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server that accepts connections. */
interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

/** Options of `launchServer`. */
export interface Launch {
  readonly place: DataPlace;
  readonly programs: ServerPrograms;
  readonly password: string;
  /** A database that there is. */
  readonly database: string;
  readonly log: ServerLog;
  /** 0: a free port. With a socket, the number is only part of the name of its file. */
  readonly port: number;
  /** Folder of a Unix socket, which the server listens on in place of the port. */
  readonly socketDirectory?: string | undefined;
  /** Settings, as `-c name=value`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Called when the process was started, for each attempt. Undefined: it was not. */
  readonly onStarted: (pid: number | undefined) => void;
  /** Called with the first connection of the superuser, when the server is known to be ours, before anybody else is told that it answers. */
  readonly onAnswered: (client: Client) => Promise<void>;
}

/**
 * Maximum duration of a start, milliseconds. Crash recovery replays the log since the last checkpoint and may take long; a usual start
 * takes 30 ms.
 */
const startPatienceMs = 120_000;
export const LOOPBACK = '127.0.0.1';
/** Time in which the backends of a killed server notice its end, milliseconds. */
const retryPatienceMs = 10_000;

/**
 * Starts `postgres` on loopback or a Unix socket, and waits until it answers. Retries while the shared memory of the old server is still in use, and if
 * another process has taken the free port.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` with the last lines of the server's log
 */
export async function launchServer(launch: Launch): Promise<ServerProcess> {
  const began = performance.now();
  for (;;) {
    const attempt = await launchOnce(launch, launch.port || (await freePort()));
    if ('pid' in attempt) return attempt;
    const said = attempt.lines.join('\n');
    const portTaken = /could not bind|Address already in use/i.test(said);
    const passing = (portTaken && launch.port === 0) || /still in use|pre-existing shared memory/i.test(said);
    if (!passing || performance.now() - began > retryPatienceMs) throw startFailed(launch, attempt, portTaken);
    await delay(100);
  }
}

interface FailedAttempt {
  readonly reason: string;
  readonly lines: readonly string[];
}

async function launchOnce(launch: Launch, port: number): Promise<ServerProcess | FailedAttempt> {
  const { place, programs, log } = launch;
  const pgdata = await realpath(join(place.home, 'pgdata'));
  const settings = { ...launch.settings, ...listening(launch.socketDirectory) };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  log.mark();
  // Detached: Ctrl-C in a terminal reaches this process and not the server, so that the application can finish its work first.
  const child = spawn(join(programs.binDirectory, 'postgres'), ['-D', pgdata, '-p', String(port), ...args], {
    ...spawnOptions(place.account),
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  let ended: ServerExit | Error | undefined;
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => resolve((ended = { code, signal })));
    child.once('error', (error) => {
      ended = error;
      resolve({ code: null, signal: null });
    });
  });
  const pid = child.pid;
  launch.onStarted(pid);
  const fail = async (reason: string): Promise<FailedAttempt> => ({ reason, lines: await log.tail(20) });
  if (pid === undefined) {
    await exited;
    return fail(ended ? describeEnd(ended) : 'not started');
  }
  const stop = async () => {
    child.ref();
    if (!ended) await stopServer(pid, async () => !ended);
    await exited;
  };
  const deadline = performance.now() + startPatienceMs;
  for (;;) {
    const answer = await ask(launch, port, exited);
    if (ended) return fail(describeEnd(ended));
    if (answer.client && answer.pgdata === pgdata) {
      try {
        await launch.onAnswered(answer.client);
        break;
      } catch (error) {
        await stop();
        throw error;
      } finally {
        end(answer.client);
      }
    }
    if (answer.client) end(answer.client);
    if (answer.pgdata !== undefined || answer.refused || performance.now() > deadline) {
      await stop();
      return fail(answer.refused ?? (answer.pgdata ? 'another server uses this port' : 'no response in time'));
    }
    await delay(15);
  }
  child.unref();
  return { pid, port, exited, stop };
}

/** The server listens on one of the two, never on both. Only the account of the server, and root, can use the socket. */
function listening(socketDirectory: string | undefined): Record<string, string> {
  if (socketDirectory === undefined) return { listen_addresses: LOOPBACK, unix_socket_directories: '' };
  // A list of PostgreSQL: folders whose names contain a comma or a space need quotation marks.
  const quoted = `"${socketDirectory.replaceAll('"', '""')}"`;
  return { listen_addresses: '', unix_socket_directories: quoted, unix_socket_permissions: '0700' };
}

/** Not awaited: an unknown server on this port may never answer. */
function end(client: Client): void {
  void client.end().catch(() => undefined);
}

/** SQLSTATE of answers that waiting does not change: a wrong password, and a database that there is not. */
const FINAL: ReadonlySet<string> = new Set(['28P01', '28000', '3D000']);

/** Verifies the identity of the server: another server may listen on this port. The caller ends the client. */
async function ask(
  { socketDirectory, database, password }: Launch,
  port: number,
  exited: Promise<ServerExit>,
): Promise<{ client?: Client; pgdata?: string; refused?: string }> {
  const client = new Client({
    host: socketDirectory ?? LOOPBACK,
    port,
    user: superuser,
    database,
    password: rolePassword(password, superuser),
    connectionTimeoutMillis: 2_000,
    ssl: false,
  });
  client.on('error', () => undefined);
  try {
    await Promise.race([client.connect(), exited.then(() => Promise.reject(new Error('the server ended')))]);
    const { rows } = await client.query<{ pgdata: string }>(`select current_setting('data_directory') as pgdata`);
    return { client, pgdata: rows[0]?.pgdata ?? '' };
  } catch (error) {
    end(client);
    const { code, message } = error as { code?: string; message: string };
    return code !== undefined && FINAL.has(code) ? { refused: message } : {};
  }
}

/** A free port of 127.0.0.1. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function describeEnd(end: ServerExit | Error): string {
  if (end instanceof Error) return end.message;
  return end.signal ? `killed by ${end.signal}` : `exit code ${end.code ?? '?'}`;
}

function startFailed(launch: Launch, attempt: FailedAttempt, portTaken: boolean): EmbeddedPostgresError {
  const portHint = `port ${launch.port} is in use: choose another port, or 0 for a free port`;
  return new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    [`PostgreSQL did not start (${attempt.reason})`, ...attempt.lines].join('\n'),
    portTaken ? portHint : `see ${join(launch.place.requested, 'server.log')}`,
  );
}
