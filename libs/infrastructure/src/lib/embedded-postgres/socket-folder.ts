import { chmod, chown, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DataPlace } from './data-place';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import type { OsAccount } from './os-account';

/** Part of the name of the socket's file. Each server has a folder of its own, so it is always the same. */
export const SOCKET_PORT = 5_432;
/** Maximum length of the path of a Unix socket, bytes: `sun_path` of Linux has 108 with the terminating zero, that of other systems 104. */
const MOST_BYTES = process.platform === 'linux' ? 107 : 103;
const PREFIX = 'taskrunner-socket-';

/** The folder of a server's Unix socket, accessible only to the server's account and root. */
export interface SocketFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Creates the folder: `socket` in the requested directory, or a new one in the temporary directory if the path would be too long or the
 * server's account cannot enter the requested directory. In the second case `socket-location` in the requested directory names it, so that
 * a later start can remove what a killed process has left.
 *
 * `again`: the path that an earlier call returned. The folder gets this path if it is a new one in the temporary directory.
 *
 * A server answers on the old socket although its owner seems dead: it runs where this process cannot see it, as in another container.
 * @throws the error of `inUse` in this case
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if every temporary directory has too long a path
 */
export async function makeSocketFolder(
  place: DataPlace,
  inUse: (who: string) => Error,
  again?: string,
): Promise<SocketFolder> {
  const { requested, home, account } = place;
  const pointer = join(requested, 'socket-location');
  const near = join(await realpath(requested), 'socket');
  const away = (await readFile(pointer, 'utf8').catch(() => '')).trim();
  for (const old of [near, ...(basename(away).startsWith(PREFIX) ? [away] : [])]) {
    if (fits(old) && (await answers(socketIn(old))))
      throw inUse('a process that cannot be seen from here (in another container?)');
    await rm(old, { recursive: true, force: true });
  }
  await rm(pointer, { force: true });
  if (home === requested && fits(near)) {
    await mkdir(near, { mode: 0o700 });
    await handOver(near, account);
    return { path: near, remove: () => rm(near, { recursive: true, force: true }) };
  }
  const path = again ?? (await mkdtemp(join(await temporaryFolder(), PREFIX)));
  // Fails if another account has taken the name meanwhile.
  if (again !== undefined) await mkdir(again, { mode: 0o700 });
  await writeFile(pointer, `${path}\n`, { mode: 0o600 });
  await handOver(path, account);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      await rm(pointer, { force: true });
    },
  };
}

function socketIn(folder: string): string {
  return join(folder, `.s.PGSQL.${SOCKET_PORT}`);
}

function fits(folder: string): boolean {
  return Buffer.byteLength(socketIn(folder)) <= MOST_BYTES;
}

async function temporaryFolder(): Promise<string> {
  const candidates = [tmpdir(), '/tmp'];
  for (const folder of candidates) {
    const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
    if (isFolder && fits(join(folder, `${PREFIX}123456`))) return folder;
  }
  throw new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    `no temporary directory has a path short enough for a Unix socket: ${candidates.join(', ')}`,
    `set TMPDIR to a directory with a path of at most ${MOST_BYTES - socketIn(`/${PREFIX}123456`).length} bytes`,
  );
}

async function handOver(folder: string, account: OsAccount): Promise<void> {
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
}

/** True if a process accepts connections on a socket. The file of a socket remains when its process is killed. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
