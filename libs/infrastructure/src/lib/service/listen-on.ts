import { chmod, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { CodedError } from '@taskrunner/core/foundation';

/** Address of a service, and the configuration key that sets it. */
export interface ListeningPlace {
  readonly key: 'http.port' | 'http.healthPort';
  readonly host: string;
  readonly port: number;
}

/** A unix socket, at a path that only this account can reach. */
export interface SocketPlace {
  readonly key: 'http.socket';
  readonly path: string;
}

type Cause = readonly [what: string, help: string];

const NO_SUCH_ADDRESS: Cause = [
  'the machine does not have the address',
  'Set http.host to an address of this machine.',
];

/** Meaning and remedy of each error of `listen`, by code of the operating system. */
const CAUSES: ReadonlyMap<unknown, (place: ListeningPlace) => Cause> = new Map<
  unknown,
  (place: ListeningPlace) => Cause
>([
  [
    'EADDRINUSE',
    ({ key, port }) => [
      'another process uses the address',
      `Stop that process (\`ss -ltnp 'sport = :${port}'\` names it), or set ${key} to a port that is free.`,
    ],
  ],
  [
    'EACCES',
    ({ key }) => [
      'this user may not listen on this port',
      `Set ${key} to a port that this user may use, usually 1024 or higher.`,
    ],
  ],
  ['EADDRNOTAVAIL', () => NO_SUCH_ADDRESS],
  ['ENOTFOUND', () => NO_SUCH_ADDRESS],
  ['EAI_AGAIN', () => NO_SUCH_ADDRESS],
]);

/**
 * Starts to listen. Returns the result of `listen`.
 * @throws CodedError `PORT_UNAVAILABLE` if the operating system refuses the address
 */
export async function listenOn<Listening>(
  app: { listen(port: number | string, host?: string): Promise<Listening> },
  place: ListeningPlace | SocketPlace,
): Promise<Listening> {
  if (place.key === 'http.socket') return listenOnSocket(app, place.path);
  const { key, host, port } = place;
  try {
    return await app.listen(port, host);
  } catch (error) {
    const { code } = error as { code?: unknown };
    const cause = CAUSES.get(code)?.(place);
    if (cause === undefined) throw error;
    const [what, help] = cause;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const message = `${key}: cannot listen on ${address}: ${what} (${String(code)})`;
    throw new CodedError('PORT_UNAVAILABLE', message, help, [], { cause: error });
  }
}

async function listenOnSocket<Listening>(
  app: { listen(path: string): Promise<Listening> },
  path: string,
): Promise<Listening> {
  // A process that was killed leaves its socket, on which nobody answers.
  if (await isAnswered(path)) throw socketUnavailable(path, 'another process uses it', null);
  await rm(path, { force: true });
  try {
    const listening = await app.listen(path);
    await chmod(path, 0o600);
    return listening;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string') throw error;
    throw socketUnavailable(path, code, error);
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

function socketUnavailable(path: string, what: string, cause: unknown): CodedError<'PORT_UNAVAILABLE'> {
  const help = 'Stop the process that uses it, or set http.socket to a path in a folder of this account.';
  return new CodedError('PORT_UNAVAILABLE', `http.socket: cannot listen on ${path}: ${what}`, help, [], { cause });
}
